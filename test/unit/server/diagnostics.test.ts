import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DiagnosticSeverity, type Diagnostic } from 'vscode-languageserver';
import { URI } from 'vscode-uri';
import { quickFixes } from '../../../server/actions';
import { compilerDiagnostics, verifierDiagnostics } from '../../../server/diagnostics';
import { hoverAt } from '../../../server/hover';
import { Unit } from '../../../server/unit';
import type { Verification } from '../../../server/verification';
import type { Finding, ProgramReport } from '../../../core/verifier/report';

const file = '/src/ü/a.c';
const uri = URI.file(file).toString();
const text = [
  'SEC("xdp")',
  'int f(void *ctx) {',
  '    u64 *v = bpf_map_lookup_elem(&m, &k);',
  '    /* ü */ x = *v; // gone',
  '    return 0;',
  '}',
];
const unit = (lines: readonly string[] = text): Unit =>
  new Unit(uri, '/src/ü', (wanted) => (wanted === uri ? lines.join('\n') : undefined));

const position = (line: number, needle: string) => {
  const source = text[line - 1]!;
  const column = Buffer.byteLength(source.slice(0, source.indexOf(needle))) + 1;
  return { path: file, line, column, text: source };
};

const finding: Finding = {
  code: 'null-dereference',
  class: 'NULL',
  message: '`v` may be NULL here',
  pc: 7,
  function: 'f',
  instruction: 'r1 = *(u64 *)(r0 + 0x0)',
  source: position(4, '*v'),
  needed: 'r0 != NULL',
  known: 'r0 is the result of a lookup',
  because: [
    { message: 'the lookup may fail', pc: 5, function: 'f', source: position(3, 'bpf_map') },
    { message: 'no source here', pc: 6, function: 'f' },
  ],
};

const report = (findings: readonly Finding[], name = 'f'): ProgramReport => ({
  ...{ section: 'xdp', function: name, type: 'xdp', instructions: 10, stackBytes: 8, level: 'L0' },
  verdict: findings.length === 0 ? 'proved' : 'unproven',
  findings,
});

/** Messages are plain text; the protocol would allow markup too. */
const plain = ({ message }: Diagnostic): string => (typeof message === 'string' ? message : message.value);

const verification = (...reports: readonly ProgramReport[]): Verification => ({
  platform: 'linux',
  reports,
  withoutLines: [],
  milliseconds: 1,
});

describe('verifierDiagnostics', () => {
  it('marks the expression, in UTF-16 units, and says class, needed and known', () => {
    const documents = verifierDiagnostics(unit(), verification(report([finding])), 'file:///docs/findings.md');
    assert.deepEqual([...documents.keys()], [uri]);
    const [one, ...others] = documents.get(uri)!;
    assert.deepEqual(others, []);
    const start = text[3]!.indexOf('*v');
    assert.deepEqual(one!.range, { start: { line: 3, character: start }, end: { line: 3, character: start + 2 } });
    assert.equal(one!.severity, DiagnosticSeverity.Error);
    assert.equal(one!.source, 'eBPF');
    assert.equal(one!.code, 'null-dereference');
    assert.equal(one!.codeDescription?.href, 'file:///docs/findings.md#null-dereference');
    assert.equal(one!.message, '`v` may be NULL here [NULL]\nneeded: r0 != NULL\nknown: r0 is the result of a lookup');
    const [related, ...more] = one!.relatedInformation!;
    assert.deepEqual(more, []);
    assert.equal(related!.location.uri, uri);
    assert.equal(related!.location.range.start.line, 2);
    const { start: from, end: to } = related!.location.range;
    assert.equal(text[2]!.slice(from.character, to.character), 'bpf_map_lookup_elem(&m, &k)');
  });

  it('gives one diagnostic for a place that several programs reach, and names them', () => {
    const documents = verifierDiagnostics(
      unit(),
      verification(report([finding]), report([finding], 'g'), report([], 'h')),
    );
    const [one, ...others] = documents.get(uri)!;
    assert.deepEqual(others, []);
    assert.match(plain(one!), /in programs f, g$/);
  });

  it('follows a line that moved since it was compiled', () => {
    const moved = ['// new', '// lines', ...text];
    const [one] = verifierDiagnostics(unit(moved), verification(report([finding]))).get(uri)!;
    assert.equal(one!.range.start.line, 5);
  });

  it('publishes in the header that holds the line, found from where the compiler ran', () => {
    const inHeader = { ...finding, source: { path: 'inc/h.h', line: 3, column: 0, text: 'x' } };
    const documents = verifierDiagnostics(unit(), verification(report([inHeader])));
    assert.deepEqual([...documents.keys()], [URI.file('/src/ü/inc/h.h').toString()]);
  });

  it('places a finding without a source at its function, and says how to get lines', () => {
    const lost: Finding = { ...finding };
    delete (lost as { source?: unknown }).source;
    const documents = verifierDiagnostics(unit(), { ...verification(report([lost])), withoutLines: ['f'] });
    const [one, missing] = documents.get(uri)!;
    assert.equal(one!.range.start.line, 1);
    assert.equal(missing!.code, 'no-line-info');
    assert.match(plain(missing!), /-g/);
  });

  it('survives positions outside the file', () => {
    for (const source of [
      { path: file, line: 999, column: 999, text: '' },
      { path: file, line: 0, column: 0, text: '' },
      { path: '/gone/away.c', line: 5, column: 5, text: 'x' },
      { path: '', line: 1, column: 1, text: '' },
    ]) {
      const documents = verifierDiagnostics(unit(), verification(report([{ ...finding, source, because: [] }])));
      const [one] = [...documents.values()].flat();
      assert.ok(one!.range.start.line >= 0 && one!.range.start.line < 1000);
    }
  });
});

describe('compilerDiagnostics', () => {
  it('marks the token, or the range that clang gave, and relates notes', () => {
    const documents = compilerDiagnostics(unit(), [
      {
        ...{ path: file, line: 3, column: 14, severity: 'error', message: 'undeclared' },
        notes: [{ path: file, line: 2, column: 5, message: 'in here' }],
      },
      { path: file, line: 3, column: 5, endColumn: 8, severity: 'warning', message: 'w', option: '-Wx', notes: [] },
      { path: '', line: 0, column: 0, severity: 'error', message: 'unknown argument', notes: [] },
    ]);
    const [first, second, third] = documents.get(uri)!;
    const { start, end } = first!.range;
    assert.equal(text[2]!.slice(start.character, end.character), 'bpf_map_lookup_elem');
    assert.equal(first!.source, 'clang');
    assert.equal(first!.relatedInformation?.[0]?.location.range.start.line, 1);
    assert.deepEqual(second!.range, { start: { line: 2, character: 4 }, end: { line: 2, character: 7 } });
    assert.equal(second!.severity, DiagnosticSeverity.Warning);
    assert.equal(second!.code, '-Wx');
    assert.equal(third!.range.start.line, 0);
  });
});

describe('hoverAt', () => {
  const [diagnostic] = verifierDiagnostics(unit(), verification(report([finding]))).get(uri)!;

  it('explains the finding of the line: class, needed, known, cause, instruction', () => {
    const hover = hoverAt([diagnostic!], { line: 3, character: 0 });
    assert.ok(hover);
    const { value } = hover.contents as { value: string };
    for (const part of [
      '`NULL`',
      'r0 != NULL',
      'result of a lookup',
      'the lookup may fail',
      'r1 = *(u64 *)(r0 + 0x0)',
      'Remedy: ',
    ]) {
      assert.ok(value.includes(part), part);
    }
  });

  it('repeats the message only where the editor does not show it', () => {
    const valueAt = (character: number): string =>
      (hoverAt([diagnostic!], { line: 3, character })!.contents as { value: string }).value;
    assert.ok(valueAt(0).includes(finding.message));
    assert.ok(!valueAt(text[3]!.indexOf('*v')).includes(finding.message));
  });

  it('says nothing elsewhere', () => {
    assert.equal(hoverAt([diagnostic!], { line: 2, character: 0 }), undefined);
    assert.equal(hoverAt([{ ...diagnostic!, data: undefined }], { line: 3, character: 0 }), undefined);
  });

  it('does not let source text become markup', () => {
    const hostile = { ...finding, message: '![x](http://e) <b>*', needed: 'a `` b\n# c' };
    const [one] = verifierDiagnostics(unit(), verification(report([hostile]))).get(uri)!;
    const { value } = hoverAt([one!], { line: 3, character: 0 })!.contents as { value: string };
    assert.ok(value.includes('!\\[x\\](http://e) \\<b\\>\\*'));
    assert.ok(value.includes('``` a `` b # c ```'));
  });
});

describe('quickFixes', () => {
  const fixable: Finding = {
    ...finding,
    fix: {
      title: 'Return when `v` is NULL',
      edits: [
        {
          path: file,
          range: { startLine: 4, startColumn: 5, endLine: 4, endColumn: 5 },
          text: 'if (!v) return 0;\n    ',
        },
      ],
    },
  };
  const [diagnostic] = verifierDiagnostics(unit(), verification(report([fixable]))).get(uri)!;
  // The client sends the data back as JSON.
  const returned = JSON.parse(JSON.stringify(diagnostic)) as typeof diagnostic;
  const fixesIn = (lines: readonly string[]) =>
    quickFixes([returned!], { text: (wanted) => (wanted === uri ? lines.join('\n') : undefined), version: () => 3 });

  it('offers the edit of the finding', () => {
    const [action, ...others] = fixesIn(text);
    assert.deepEqual(others, []);
    assert.equal(action!.title, 'Return when `v` is NULL');
    assert.deepEqual(action!.edit!.documentChanges, [
      {
        textDocument: { uri, version: 3 },
        edits: [
          {
            range: { start: { line: 3, character: 4 }, end: { line: 3, character: 4 } },
            newText: 'if (!v) return 0;\n    ',
          },
        ],
      },
    ]);
  });

  it('moves along with the line, and is not offered when the line is gone', () => {
    const moved = fixesIn(['// new', ...text])[0]!.edit!.documentChanges![0] as { edits: { range: unknown }[] };
    assert.deepEqual(moved.edits[0]!.range, { start: { line: 4, character: 4 }, end: { line: 4, character: 4 } });
    assert.deepEqual(fixesIn(text.filter((_, line) => line !== 3)), []);
  });

  it('ignores diagnostics of others', () => {
    const documents = { text: () => '', version: () => undefined };
    assert.deepEqual(quickFixes([{ ...returned!, data: { finding: 1 } }], documents), []);
    assert.deepEqual(quickFixes([{ ...returned!, data: 'x' }], documents), []);
  });
});
