import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzObjects, FuzzFailure } from './object_fuzz';
import { randomFrom } from './random';

/**
 * npm run fuzz:objects -- [--count N] [--seed N] [CORPUS…]
 *
 * CORPUS are objects or folders of them. Ends with exit code 1 and the input kept in the temporary folder at the first failure.
 */
function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
  });
  const files = positionals.flatMap(objectsIn);
  if (files.length === 0) {
    console.error('fuzz:objects: name objects or folders of them');
    return 2;
  }
  const corpus = files.map((file) => new Uint8Array(readFileSync(file)));
  const start = performance.now();
  try {
    const result = fuzzObjects(corpus, Number(values.count), randomFrom(Number(values.seed)));
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `${result.count} inputs from ${corpus.length} objects in ${seconds.toFixed(1)} s: ${result.accepted} read, the others refused:`,
    );
    for (const [code, count] of [...result.refused].sort((a, b) => b[1] - a[1]))
      console.log(`  ${String(count).padStart(8)} ${code}`);
    console.log(
      `slowest input ${result.slowest.toFixed(1)} ms, peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    const kept = path.join(os.tmpdir(), `fuzz-${process.pid}.o`);
    writeFileSync(kept, error.input);
    console.error(`${error.message}\ninput kept: ${kept}`);
    return 1;
  }
}

function objectsIn(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { withFileTypes: true }).flatMap((entry) => {
    const inside = path.join(place, entry.name);
    if (entry.isDirectory()) return objectsIn(inside);
    return entry.name.endsWith('.o') ? [inside] : [];
  });
}

process.exitCode = main();
