import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, file, open, replaceAndSave } from './workspace';

describe('the disassembly', () => {
  const name = 'linux/xdp_filter.bpf.c';
  const shown = (): vscode.TextEditor | undefined =>
    vscode.window.visibleTextEditors.find(({ document }) => document.languageId === 'bpf-disassembly');

  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('opens beside the source, with its language, and follows what is saved', async () => {
    const source = await open(name);
    await vscode.commands.executeCommand('ebpf.showDisassembly');
    const editor = await eventually('the disassembly', shown);
    const { document } = editor;
    assert.equal(document.uri.scheme, 'ebpf-disassembly');
    assert.match(document.uri.path, /\/xdp_filter\.bpf\.c \(disassembly\)$/);
    assert.notEqual(editor.viewColumn, source.viewColumn);
    assert.match(document.getText(), /^Program xdp_filter in section xdp:$/m);
    assert.match(document.getText(), /call 0x1\t; bpf_map_lookup_elem$/m);

    const from = '__be32 source = ip->saddr;';
    const to = '__be32 source = ip->daddr;';
    assert.ok(document.getText().includes(from));
    await replaceAndSave(source.document, from, to);
    await eventually('the new text', () => (document.getText().includes(to) ? true : undefined));
    await replaceAndSave(source.document, to, from);
    await eventually('the old text', () => (document.getText().includes(to) ? undefined : true));
    assert.equal(document.languageId, 'bpf-disassembly');
  });

  it('is not opened for a file that does not compile', async () => {
    const { document } = await open(name);
    const include = '#include <linux/bpf.h>';
    await replaceAndSave(document, include, '#error stop');
    // The message stays until somebody closes it, so the command must not wait for that.
    await vscode.commands.executeCommand('ebpf.showDisassembly', vscode.Uri.file(file(name)));
    assert.equal(shown(), undefined);
    await replaceAndSave(document, '#error stop', include);
  });
});
