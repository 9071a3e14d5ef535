import * as vscode from 'vscode';
import type { CommandId } from './contributions';
import type { Ctx } from './ctx';
import { fileConfiguration } from './debug';
import { showDisassembly } from './disassembly';
import { nativeTask } from './task';

type Command = (ctx: Ctx, ...args: unknown[]) => Promise<void> | void;

/** All commands, by the id that package.json declares. A file's URI may come as the first argument (menus); else the active editor's is meant. */
const commands = {
  'ebpf.verify': verify,
  'ebpf.buildNative': buildNative,
  'ebpf.debug': debug,
  'ebpf.showDisassembly': disassembly,
  'ebpf.restartServer': (ctx) => ctx.restart(),
  'ebpf.showLog': (ctx) => ctx.log.show(true),
} as const satisfies Record<CommandId, Command>;

export function registerCommands(ctx: Ctx): vscode.Disposable[] {
  return Object.entries<Command>(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, (...args: unknown[]) => command(ctx, ...args)),
  );
}

async function verify(ctx: Ctx, argument?: unknown): Promise<void> {
  const document = await savedDocument(argument);
  if (!document) return;
  const { server } = ctx;
  if (!server) {
    void vscode.window.showErrorMessage(vscode.l10n.t('eBPF: the language server does not run. Restart it first.'));
    return;
  }
  const status = await server.request('ebpf/verify', { uri: document.uri.toString() });
  if (status.state === 'untrusted') await explainTrust();
  else if (status.state === 'failed') void vscode.window.showErrorMessage(`eBPF: ${status.message}`);
}

async function buildNative(ctx: Ctx, argument?: unknown): Promise<void> {
  const document = await savedDocument(argument);
  if (!document) return;
  if (!vscode.workspace.isTrusted) {
    await explainTrust();
    return;
  }
  await vscode.tasks.executeTask(nativeTask(ctx, document.uri));
}

async function debug(_ctx: Ctx, argument?: unknown): Promise<void> {
  const document = await savedDocument(argument);
  if (!document) return;
  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  await vscode.debug.startDebugging(folder, fileConfiguration(document.uri.fsPath));
}

async function disassembly(ctx: Ctx, argument?: unknown): Promise<void> {
  const document = await savedDocument(argument);
  if (!document) return;
  if (vscode.workspace.isTrusted) await showDisassembly(ctx, document.uri);
  else await explainTrust();
}

/** The C file that a command is for, saved: compilers read the disk. Tells the user when there is none. */
async function savedDocument(argument: unknown): Promise<vscode.TextDocument | undefined> {
  const document =
    argument instanceof vscode.Uri
      ? await vscode.workspace.openTextDocument(argument)
      : vscode.window.activeTextEditor?.document;
  if (document?.uri.scheme !== 'file' || document.languageId !== 'c') {
    void vscode.window.showInformationMessage(vscode.l10n.t('eBPF: open the C file of a BPF program first.'));
    return undefined;
  }
  if (document.isDirty && !(await document.save())) return undefined;
  return document;
}

async function explainTrust(): Promise<void> {
  const manage = vscode.l10n.t('Manage Trust');
  const message = vscode.l10n.t('eBPF: compiling runs programs of this machine, which needs a trusted workspace.');
  if ((await vscode.window.showWarningMessage(message, manage)) === manage) {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }
}
