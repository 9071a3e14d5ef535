import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { CheckedFile } from '../../../cli/document';
import { jsonReport } from '../../../cli/report_json';
import { msbuildReport } from '../../../cli/report_msbuild';
import { sarifReport } from '../../../cli/report_sarif';
import { textReport } from '../../../cli/report_text';

const source = { path: '/home/me/tracker é.c', line: 42, column: 20, text: '    last = *start_time;' };
const files: readonly CheckedFile[] = [
  {
    path: 'tracker.o',
    platform: 'windows',
    programs: [
      {
        section: 'sockops',
        function: 'track',
        type: 'sock_ops',
        verdict: 'unproven',
        instructions: 31,
        stackBytes: 24,
        milliseconds: 1.25,
        level: 'L0',
        findings: [
          {
            code: 'null-dereference',
            class: 'NULL',
            message: 'r0 may be NULL\nhere',
            function: 'track',
            pc: 17,
            instruction: 'r1 = *(u64 *)(r0 + 0x0)',
            source,
            needed: 'r0 != NULL',
            known: 'r0 is what bpf_map_lookup_elem gave',
            because: [{ message: 'looked up here', pc: 14, function: 'track', source: { ...source, line: 40 } }],
          },
          {
            code: 'packet-bounds',
            class: 'BOUNDS_HIGH',
            message: 'beyond the packet',
            function: 'sub',
            pc: 3,
            instruction: 'exit',
            because: [],
          },
        ],
      },
    ],
  },
  { path: 'notes.txt', platform: 'linux', error: { code: 'not-elf', message: 'not an ELF file' }, programs: [] },
];

describe('reports of check', () => {
  it('json is one document with a version', () => {
    assert.deepEqual(JSON.parse(jsonReport(files)), { version: 1, files });
  });

  it('msbuild gives one line for each finding, in the form that MSBuild reads', () => {
    assert.deepEqual(msbuildReport(files).trimEnd().split('\n'), [
      '/home/me/tracker é.c(42,20): error null-dereference: r0 may be NULL here',
      'tracker.o: error packet-bounds: beyond the packet (sub, instruction 3: exit)',
      'notes.txt: error not-elf: not an ELF file',
    ]);
  });

  it('text and msbuild let no name of the input end a line or steer a terminal', () => {
    const program = files[0]!.programs[0]!;
    const finding = {
      ...program.findings[0]!,
      function: 'f\u001b[2J\nx',
      source: { ...source, path: '/a\r\nb\u202e.c' },
    };
    const hostile = [{ ...files[0]!, programs: [{ ...program, function: 'p\u0007\n', findings: [finding] }] }];
    for (const report of [textReport(hostile), msbuildReport(hostile)]) {
      assert.doesNotMatch(report, /(?!\n)[\p{Cc}\u202e]/u);
    }
    assert.equal(msbuildReport(hostile).trimEnd().split('\n').length, 1);
    assert.equal(
      textReport(hostile).split('\n').length,
      textReport([{ ...files[0]!, programs: [{ ...program, findings: [program.findings[0]!] }] }]).split('\n').length,
    );
  });

  it('text names place, class, needed, known and cause, and counts', () => {
    const text = textReport(files);
    for (const part of [
      'tracker é.c:42:20: NULL null-dereference',
      'needed: r0 != NULL',
      'because /home/me/tracker é.c:40',
      'instruction 3 of sub',
      '0 proved, 1 refused, 1 not read',
    ]) {
      assert.ok(text.includes(part), `${part} in\n${text}`);
    }
  });

  it('sarif has a rule, a region and related locations for each finding', () => {
    interface Sarif {
      readonly version: string;
      readonly runs: readonly {
        readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
        readonly invocations: readonly {
          readonly executionSuccessful: boolean;
          readonly toolExecutionNotifications: readonly unknown[];
        }[];
        readonly results: readonly {
          readonly ruleId: string;
          readonly ruleIndex: number;
          readonly locations: readonly {
            readonly physicalLocation: {
              readonly artifactLocation: { readonly uri: string };
              readonly region?: object;
            };
          }[];
          readonly relatedLocations?: readonly unknown[];
        }[];
      }[];
    }
    const document = JSON.parse(sarifReport(files)) as Sarif;
    const run = document.runs[0]!;
    assert.equal(document.version, '2.1.0');
    for (const result of run.results) assert.equal(run.tool.driver.rules[result.ruleIndex]?.id, result.ruleId);
    const place = run.results[0]!.locations[0]!.physicalLocation;
    assert.match(
      place.artifactLocation.uri,
      path.sep === '/' ? /^file:\/\/\/home\/me\/tracker%20%C3%A9\.c$/ : /^file:/,
    );
    assert.deepEqual(place.region, { startLine: 42, startColumn: 20 });
    assert.equal(run.results[0]!.relatedLocations?.length, 1);
    assert.equal(run.results[1]!.locations[0]!.physicalLocation.artifactLocation.uri, 'tracker.o');
    assert.equal(run.invocations[0]!.executionSuccessful, false);
    assert.equal(run.invocations[0]!.toolExecutionNotifications.length, 1);
  });
});
