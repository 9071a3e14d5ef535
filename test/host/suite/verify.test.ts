import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { codeOf, extension, lineOf, open, replaceAndSave } from './workspace';

describe('verifying on save', () => {
  const name = 'windows/conn_tracker.c';
  const dereference = 'now - *start_time';
  let original = '';

  before(async () => {
    original = (await open(name)).document.getText();
  });
  afterEach(async () => {
    const { document } = await open(name);
    if (document.getText() !== original) await replaceAndSave(document, document.getText(), original);
  });

  it('shows exactly one diagnostic in the refused tracker: on the dereference, class NULL, related to the lookup', async () => {
    const { document } = await open(name);
    await replaceAndSave(document, '// What a program beside', '// What the program beside');
    const [one, ...others] = vscode.languages.getDiagnostics(document.uri);
    assert.ok(one);
    assert.deepEqual(others, []);
    assert.equal(one.severity, vscode.DiagnosticSeverity.Error);
    assert.equal(one.source, 'eBPF');
    assert.match(one.message, /\[NULL\]/);
    assert.equal(one.range.start.line, lineOf(document, dereference));
    assert.ok(one.range.isSingleLine && !one.range.isEmpty);
    assert.match(document.getText(one.range), /\*start_time$/);
    const lookup = lineOf(document, 'bpf_map_lookup_elem(&start_times');
    const related = one.relatedInformation ?? [];
    assert.ok(
      related.some(
        ({ location }) => location.uri.toString() === document.uri.toString() && location.range.start.line === lookup,
      ),
      JSON.stringify(related),
    );
    // VS Code shows the code as a link into the catalogue of findings.
    assert.ok(typeof one.code === 'object');
    assert.equal(one.code.target.fragment, codeOf(one));
    assert.equal((await extension()).status(document.uri).state, 'refused');
  });

  it('clears it when the tracker is repaired and saved', async () => {
    const { document } = await open(name);
    assert.equal(vscode.languages.getDiagnostics(document.uri).length, 1);
    await replaceAndSave(document, dereference, 'start_time ? now - *start_time : 0');
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
    const status = (await extension()).status(document.uri);
    assert.ok(status.state === 'proved');
    assert.equal(status.programs, 1);
  });

  it("shows clang's error for a syntax error", async () => {
    const { document } = await open(name);
    await replaceAndSave(document, 'uint64_t now = bpf_ktime_get_ns();', 'uint64_t now = bpf_ktime_get_ns()');
    const [one, ...others] = vscode.languages.getDiagnostics(document.uri);
    assert.ok(one);
    assert.deepEqual(others, []);
    assert.equal(one.source, 'clang');
    assert.match(one.message, /expected ';'/);
    assert.equal(one.range.start.line, lineOf(document, 'uint64_t now = bpf_ktime_get_ns()'));
    assert.equal((await extension()).status(document.uri).state, 'compile-error');
  });

  it('explains the finding in a hover', async () => {
    const { document } = await open(name);
    const [one] = vscode.languages.getDiagnostics(document.uri);
    assert.ok(one);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      one.range.end.translate(0, -1),
    );
    const texts = hovers.flatMap(({ contents }) =>
      contents.map((part) => (typeof part === 'string' ? part : part.value)),
    );
    assert.ok(
      texts.some((text) => text.includes('`NULL`') && text.includes(codeOf(one))),
      texts.join('\n'),
    );
  });

  it('finds nothing to say about the repaired twin', async () => {
    const { document } = await open('windows/conn_tracker_fixed.c');
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
    assert.equal((await extension()).status(document.uri).state, 'proved');
  });

  it('happens on command too', async () => {
    const { document } = await open(name);
    await vscode.commands.executeCommand('ebpf.verify');
    assert.equal((await extension()).status(document.uri).state, 'refused');
  });

  it('goes on after the server was restarted', async () => {
    const { document } = await open(name);
    await vscode.commands.executeCommand('ebpf.restartServer');
    await (await extension()).idle();
    assert.equal((await extension()).status(document.uri).state, 'refused');
    assert.equal(vscode.languages.getDiagnostics(document.uri).length, 1);
  });
});
