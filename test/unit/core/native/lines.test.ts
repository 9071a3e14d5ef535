import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { lineMapOf, linkedLinesOf } from '../../../../core/native/line_map';
import { readObject } from '../../../../core/object/read';
import { compileBpf, onPath } from '../../../../tools/clang';
import { runProcess } from '../../../../tools/process';
import { cannotRun, generate, Workshop } from './native_image';

/** Two programs in one section, two subprograms: what bpf2c gives wrong lines (native.md 6). */
const SOURCE = `#define SEC(name) __attribute__((section(name), used))
typedef unsigned long long u64;

static __attribute__((noinline)) u64 inner(u64 x) {
  volatile u64 a = x;
  return a * 3;
}

static __attribute__((noinline)) u64 outer(u64 x) {
  volatile u64 b = x;
  return inner(b) + b;
}

SEC("xdp") int first(u64 *ctx) {
  volatile u64 v = ctx[0];
  return outer(v) + 1;
}

SEC("xdp") int second(u64 *ctx) {
  volatile u64 v = ctx[1];
  v += ctx[0];
  return inner(v);
}
`;

describe('debug information of native images', () => {
  let workshop: Workshop;
  let reason: string | undefined;
  before(async () => {
    reason = await cannotRun();
    workshop = await Workshop.open();
  });
  after(() => workshop.close());

  it('puts each function of each program on its own source lines, and nothing else', async (t) => {
    if (reason !== undefined) return t.skip(reason);
    const objdump = (await onPath((name) => name === 'objdump'))[0];
    if (objdump === undefined) return t.skip('objdump (binutils) is not installed');
    const source = path.join(workshop.folder, 'so"ur\\ce.c');
    await writeFile(source, SOURCE);
    const compiled = await compileBpf({ source });
    if (compiled.outcome === 'missing') return t.skip(compiled.remedy);
    assert.equal(compiled.outcome, 'compiled', compiled.diagnostics[0]?.message);
    const object = readObject(compiled.object!);
    const text = generate(object);

    // What the pragmas say agrees with BTF, slot by slot.
    const map = lineMapOf(text);
    for (const program of object.programs) {
      const lines = linkedLinesOf(program, map);
      for (let slot = 0; slot < program.code.length; slot++) {
        assert.equal(lines.at(slot)?.line, program.lines.at(slot)?.line, `${program.name} slot ${slot}`);
        assert.equal(lines.at(slot)?.path, source);
      }
    }

    // What the compiler made of the pragmas: lines of each function's machine code.
    const image = await workshop.build(text, 'lines');
    const dump = await runProcess(objdump, ['-d', '-l', '--no-show-raw-insn', image]);
    assert.equal(dump.code, 0, dump.stderr);
    const found = linesByFunction(dump.stdout.toString('utf8'));
    const within = (name: string, from: number, to: number): void => {
      const places = found.get(name);
      assert.ok(places && places.size > 0, `no code for ${name}`);
      for (const place of places) {
        const [, file, line] = /^(.*):(\d+)$/.exec(place)!;
        assert.equal(file, source, `${name} at ${place}`);
        assert.ok(Number(line) >= from && Number(line) <= to, `${name} at ${place}`);
      }
    };
    // Functions are inlined into the programs: their lines may appear there.
    within('first', 4, 17);
    within('second', 4, 23);
    for (const line of [20, 21, 22]) {
      assert.ok(found.get('second')!.has(`${source}:${line}`), `second has no code on line ${line}`);
    }
    for (const line of [15, 16]) assert.ok(found.get('first')!.has(`${source}:${line}`), `first: no line ${line}`);
    assert.ok(![...found.get('first')!].some((place) => Number(/\d+$/.exec(place)![0]) > 17));
    // Tables and accessors belong to the generated file again.
    for (const accessor of ['_get_programs', '_get_version']) {
      for (const place of found.get(accessor) ?? []) assert.match(place, /module\.c:\d+$/, accessor);
      assert.ok((found.get(accessor)?.size ?? 0) > 0, accessor);
    }
    const declared = [...found.get('_get_programs')!].map((place) => Number(/\d+$/.exec(place)![0]));
    const written = text.split('\n').findIndex((line) => line.startsWith('_get_programs(')) + 1;
    assert.ok(
      Math.min(...declared) >= written && Math.min(...declared) <= written + 3,
      `${declared.join()} ${written}`,
    );
  });
});

/** `function -> {file:line}` of `objdump -d -l`. */
function linesByFunction(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  let places = new Set<string>();
  for (const line of text.split('\n')) {
    const head = /^[0-9a-f]+ <(.+)>:$/.exec(line);
    if (head) found.set(head[1]!, (places = new Set()));
    const place = /^(\S.*:\d+)(?: \(discriminator \d+\))?$/.exec(line);
    if (place && !/^[0-9a-f]+ </.test(line)) places.add(place[1]!);
  }
  return found;
}
