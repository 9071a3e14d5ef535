import path from 'node:path';
import * as vscode from 'vscode';
import { problemMatchers, taskType } from './contributions';
import type { Ctx } from './ctx';
import { bundle, programEnvironment } from './program';

/** A task of type `ebpf` as people write it in tasks.json; package.json has its schema. */
export interface EbpfTask extends vscode.TaskDefinition {
  readonly type: typeof taskType;
  readonly task: 'native' | 'check';
  /** C source or object; relative to the workspace folder, variables allowed. */
  readonly file: string;
  /** Where the native image goes; beside the file unless told. */
  readonly output?: string;
  readonly image?: 'so' | 'dll';
}

export function registerTasks(ctx: Ctx): vscode.Disposable[] {
  return [
    vscode.tasks.registerTaskProvider(taskType, {
      provideTasks: () => ctx.bpfFiles().flatMap((uri) => [nativeTask(ctx, uri), fileTask(ctx, uri, 'check')]),
      resolveTask: (task) => {
        const { definition } = task;
        return isEbpfTask(definition) ? makeTask(ctx, definition, task.scope, task.name) : undefined;
      },
    }),
  ];
}

/** The task that builds a file native, beside the file. */
export function nativeTask(ctx: Ctx, uri: vscode.Uri): vscode.Task {
  return fileTask(ctx, uri, 'native');
}

function fileTask(ctx: Ctx, uri: vscode.Uri, task: EbpfTask['task']): vscode.Task {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  // Relative where it can be: the task then fits into a tasks.json that others share.
  const file = folder ? path.relative(folder.uri.fsPath, uri.fsPath).replaceAll('\\', '/') : uri.fsPath;
  const name = `${task} ${path.basename(file)}`;
  return makeTask(ctx, { type: taskType, task, file }, folder ?? vscode.TaskScope.Workspace, name, uri);
}

function makeTask(
  ctx: Ctx,
  definition: EbpfTask,
  scope: vscode.Task['scope'],
  name: string,
  resource?: vscode.Uri,
): vscode.Task {
  const folder = isFolder(scope) ? scope : vscode.workspace.workspaceFolders?.[0];
  const cwd = folder?.uri.fsPath ?? path.dirname(definition.file);
  const execution = new vscode.ProcessExecution(
    process.execPath,
    [bundle(ctx.extension, 'cli'), ...argumentsOf(definition)],
    {
      cwd,
      env: programEnvironment(resource ?? folder?.uri),
    },
  );
  const task = new vscode.Task(definition, scope ?? vscode.TaskScope.Workspace, name, 'eBPF', execution, [
    ...problemMatchers,
  ]);
  task.group = definition.task === 'native' ? vscode.TaskGroup.Build : vscode.TaskGroup.Test;
  task.detail =
    definition.task === 'native'
      ? vscode.l10n.t('Verify, then build a native image')
      : vscode.l10n.t('Verify with the embedded verifier');
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  return task;
}

function argumentsOf({ task, file, output, image }: EbpfTask): string[] {
  if (task === 'check') return ['check', '--format', 'msbuild', file];
  const kind = image ?? (process.platform === 'win32' ? 'dll' : 'so');
  // Without -o the image goes beside the file.
  return ['native', file, '--image', kind, ...(output === undefined ? [] : ['-o', output])];
}

function isEbpfTask(definition: vscode.TaskDefinition): definition is EbpfTask {
  const { task, file } = definition as Partial<Record<keyof EbpfTask, unknown>>;
  return (
    definition.type === taskType && (task === 'native' || task === 'check') && typeof file === 'string' && file !== ''
  );
}

function isFolder(scope: vscode.Task['scope']): scope is vscode.WorkspaceFolder {
  return typeof scope === 'object';
}
