import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import type { BpfObject } from '../../../core/object/object';
import { readObject } from '../../../core/object/read';
import { platformOf } from '../../../core/platform/platforms';
import { verifyProgram } from '../../../core/verifier/verify';
import { compileBpf, findClang } from '../../../tools/clang';

const ROOT = path.resolve('examples');

/** What examples/README.md promises: the class and the text of the line of the only finding, or nothing. */
const EXPECTED: Readonly<Record<string, readonly [findingClass: string, line: string] | 'proved'>> = {
  'linux/sched_trace.bpf.c': 'proved',
  'linux/subprograms.bpf.c': 'proved',
  'linux/tc_missing_bounds.bpf.c': ['BOUNDS_HIGH', 'if (tcp->dest == bpf_htons(23))'],
  'linux/xdp_filter.bpf.c': 'proved',
  'windows/conn_tracker.c': ['NULL', 'ended.nanoseconds = now - *start_time;'],
  'windows/conn_tracker_fixed.c': 'proved',
  'windows/hello_bind.c': 'proved',
};

describe('the examples', () => {
  const objects = new Map<string, BpfObject>();
  let noClang = false;

  before(async () => {
    noClang = (await findClang()).kind === 'missing';
    if (noClang) return;
    for (const name of Object.keys(EXPECTED)) {
      if (needsLibbpf(name)) continue;
      const result = await compileBpf({ source: path.join(ROOT, name), flags: ['-Wall', '-Wextra'] });
      assert.deepEqual(
        result.diagnostics.map(({ message }) => message),
        [],
        name,
      );
      objects.set(name, readObject(result.object!));
    }
  });

  function objectOf(t: TestContext, name: string): BpfObject | undefined {
    if (noClang) t.skip('no clang');
    else if (needsLibbpf(name)) t.skip('no <bpf/bpf_helpers.h>: libbpf-dev is not installed');
    return objects.get(name);
  }

  it('are all listed here and in their README', async () => {
    const sources: string[] = [];
    for (const folder of ['linux', 'windows']) {
      for (const name of await readdir(path.join(ROOT, folder)))
        if (name.endsWith('.c')) sources.push(`${folder}/${name}`);
    }
    assert.deepEqual(sources.sort(), Object.keys(EXPECTED));
    const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
    for (const name of sources) assert.ok(readme.includes(`(${name})`), name);
  });

  for (const [name, expected] of Object.entries(EXPECTED)) {
    it(`${name} is ${expected === 'proved' ? 'proved' : `refused, class ${expected[0]}`}`, (t) => {
      const object = objectOf(t, name);
      if (object === undefined) return;
      const platform = platformOf(object, 'auto');
      assert.equal(platform.id, name.split('/')[0]);
      assert.ok(object.programs.length > 0);
      const findings = object.programs.flatMap((program) => {
        const report = verifyProgram(object, program, platform);
        assert.equal(report.verdict === 'proved', report.findings.length === 0);
        return report.findings;
      });
      assert.deepEqual(
        findings.map((finding) => [finding.class, finding.source?.text.trim()]),
        expected === 'proved' ? [] : [expected],
        findings.map(({ message, pc }) => `${pc}: ${message}`).join('\n'),
      );
    });
  }
});

function needsLibbpf(name: string): boolean {
  return name.startsWith('linux/') && !existsSync('/usr/include/bpf/bpf_helpers.h');
}
