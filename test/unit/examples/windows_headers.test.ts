import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { windows } from '../../../core/platform/platforms';
import { GENERAL_HELPERS } from '../../../core/platform/windows/helpers';
import { WINDOWS_MAP_TYPES } from '../../../core/platform/windows/map_types';
import { compileBpf } from '../../../tools/clang';

const INCLUDE = path.resolve('examples/windows/include');

describe("the examples' Windows headers", () => {
  it('call helpers by the numbers of the platform tables, with as many arguments', async () => {
    const header = await readFile(path.join(INCLUDE, 'bpf_helpers.h'), 'utf8');
    const declared = [...header.matchAll(/\(\*const (bpf_\w+)\)\(([^)]*)\)\s*=\s*\(void \*\)(\d+);/g)];
    assert.ok(declared.length >= 15);
    for (const [, name, parameters, id] of declared) {
      const helper = GENERAL_HELPERS.find((candidate) => candidate.id === Number(id));
      assert.equal(helper?.name, name);
      assert.equal(parameters === 'void' ? 0 : parameters!.split(',').length, helper?.arguments.length, name);
    }
  });

  it('number map types as the platform does', async () => {
    const header = await readFile(path.join(INCLUDE, 'bpf_helpers.h'), 'utf8');
    const declared = [...header.matchAll(/BPF_MAP_TYPE_(\w+) = (\d+)/g)].map(([, name, id]) => [
      name!.toLowerCase(),
      Number(id),
    ]);
    const known = WINDOWS_MAP_TYPES.map(({ name, id }) => [name, id]);
    assert.deepEqual(declared, known.slice(0, declared.length));
  });

  it('lay contexts out as the platform does', async (t) => {
    const lines: string[] = [];
    for (const section of ['bind', 'sockops']) {
      const { context, returnNames } = windows.programType(section)!;
      lines.push(`_Static_assert(sizeof(${context.structure}) == ${context.size}, "${context.structure}");`);
      for (const { name, offset, size } of context.fields) {
        lines.push(`_Static_assert(__builtin_offsetof(${context.structure}, ${name}) == ${offset}, "${name}");`);
        lines.push(`_Static_assert(sizeof(((${context.structure} *)0)->${name}) == ${size}, "size of ${name}");`);
      }
      for (const [name, value] of Object.entries(returnNames)) {
        if (name.startsWith('BIND_')) lines.push(`_Static_assert(${name} == ${value}, "${name}");`);
      }
    }
    const directory = await mkdtemp(path.join(tmpdir(), 'ebpf-headers-'));
    try {
      const source = path.join(directory, 'headers.c');
      await writeFile(source, `#include "ebpf_nethooks.h"\n${lines.join('\n')}\n`);
      const result = await compileBpf({ source, flags: [`-I${INCLUDE}`] });
      if (result.outcome === 'missing') return t.skip('no clang');
      assert.deepEqual(
        result.diagnostics.map(({ message }) => message),
        [],
      );
      return undefined;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
