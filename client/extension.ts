import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { Ctx } from './ctx';
import { registerDebugging } from './debug';
import { registerDisassembly } from './disassembly';
import { registerTasks } from './task';
import type { FileStatus } from '../server/protocol';

/** What other extensions (and this project's in-host tests) get from `activate`. */
export interface Api {
  /** What the server knows about a document. */
  status(uri: vscode.Uri): FileStatus;
  /** Resolves when no verification is under way. */
  idle(): Promise<void>;
}

let ctx: Ctx | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const starting = new Ctx(context);
  ctx = starting;
  try {
    const registered = [registerCommands, registerTasks, registerDebugging, registerDisassembly].flatMap((register) =>
      register(starting),
    );
    context.subscriptions.push(...registered);
    await starting.start();
  } catch (error) {
    // VS Code shows nothing when an extension fails to start, so this does; the error is thrown on for its own log.
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(vscode.l10n.t('eBPF could not start: {0}', reason));
    throw error;
  }
  return { status: (uri) => starting.statusOf(uri), idle: () => starting.idle() };
}

export async function deactivate(): Promise<void> {
  await ctx?.stop();
  ctx = undefined;
}
