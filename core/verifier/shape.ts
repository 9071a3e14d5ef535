import { sameReferences } from './join';
import { DEPTH, MAX_FRAMES, USED_CELLS, hasValue, packedCell, packedFrames, packedSaved, register } from './state';
import { FLAGS, NULLABLE, REGION, Tag } from './value';

/*
 * States that differ in shape (what kind of value lives where, whether it may be null, what is initialised) lose much when they are
 * joined; states of one shape lose little.
 */

const framesA = new Int32Array(MAX_FRAMES);
const framesB = new Int32Array(MAX_FRAMES);

/** How much two packed states differ in shape: 0 when joining keeps all kinds of values, Infinity when they cannot be joined. */
export function shapeDistance(a: Int32Array, b: Int32Array): number {
  if (a[DEPTH] !== b[DEPTH] || !sameReferences(a, b)) return Infinity;
  let distance = 0;
  for (let index = 0; index < 10; index++) distance += valueDistance(a, register(index), b, register(index));
  packedFrames(a, framesA);
  packedFrames(b, framesB);
  for (let frame = 0; frame <= a[DEPTH]!; frame++) {
    const [startA, startB] = [framesA[frame]!, framesB[frame]!];
    if (frame > 0)
      for (let index = 1; index < 10; index++)
        distance += valueDistance(a, packedSaved(startA, index), b, packedSaved(startB, index));
    const [usedA, usedB] = [a[USED_CELLS + frame]!, b[USED_CELLS + frame]!];
    for (let index = 0; index < Math.min(usedA, usedB); index++) {
      const [atA, atB] = [packedCell(startA, frame, index), packedCell(startB, frame, index)];
      if (((a[atA]! & 0xffff) === 0) !== ((b[atB]! & 0xffff) === 0)) distance++;
      else if (hasValue(a[atA]!) && hasValue(b[atB]!)) distance += valueDistance(a, atA + 1, b, atB + 1);
    }
    if (usedA !== usedB) distance++;
  }
  return distance;
}

function valueDistance(a: Int32Array, x: number, b: Int32Array, y: number): number {
  const [tagA, tagB] = [a[x]!, b[y]!];
  if (tagA !== tagB) return 1;
  if (tagA === Tag.UNINIT || tagA === Tag.SCALAR || tagA === Tag.REPORTED) return 0;
  const sameRegion = a[x + REGION] === b[y + REGION];
  const sameNull = ((a[x + FLAGS]! ^ b[y + FLAGS]!) & NULLABLE) === 0;
  return sameRegion && sameNull ? 0 : 1;
}
