import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../../client/extension';

/** The copy of the examples that VS Code was opened on. */
export function file(name: string): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'VS Code was opened on a folder');
  return path.join(folder.uri.fsPath, ...name.split('/'));
}

export async function extension(): Promise<Api> {
  const { name, publisher } = JSON.parse(
    readFileSync(path.join(__dirname, '..', '..', '..', '..', 'package.json'), 'utf8'),
  ) as { name: string; publisher: string };
  const found = vscode.extensions.getExtension<Api>(`${publisher}.${name}`);
  assert.ok(found, 'the extension is there');
  return found.activate();
}

/** Opens a file of the workspace and waits until it is verified. */
export async function open(name: string): Promise<vscode.TextEditor> {
  const api = await extension();
  const document = await vscode.workspace.openTextDocument(file(name));
  const editor = await vscode.window.showTextDocument(document);
  await api.idle();
  return editor;
}

/** Replaces text of the document, saves, and waits until it is verified. */
export async function replaceAndSave(document: vscode.TextDocument, from: string, to: string): Promise<void> {
  const at = document.getText().indexOf(from);
  assert.ok(at >= 0, from);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(at), document.positionAt(at + from.length)), to);
  assert.ok(await vscode.workspace.applyEdit(edit));
  assert.ok(await document.save());
  await (await extension()).idle();
}

/** Line, from 0, of the first occurrence. */
export function lineOf(document: vscode.TextDocument, needle: string): number {
  const at = document.getText().indexOf(needle);
  assert.ok(at >= 0, needle);
  return document.positionAt(at).line;
}

/** The code of a diagnostic, whether or not it has a link. */
export function codeOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}

/** Polls, because VS Code announces few of its own changes. */
export async function eventually<T>(what: string, read: () => T | undefined | Thenable<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
