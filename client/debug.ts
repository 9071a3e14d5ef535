import path from 'node:path';
import * as vscode from 'vscode';
import type { SourceProgram } from '../server/protocol';
import { debugType } from './contributions';
import type { Ctx } from './ctx';
import { bundle, programEnvironment } from './program';

export function registerDebugging(ctx: Ctx): vscode.Disposable[] {
  return [
    vscode.debug.registerDebugConfigurationProvider(debugType, new ConfigurationProvider(ctx)),
    vscode.debug.registerDebugAdapterDescriptorFactory(debugType, {
      createDebugAdapterDescriptor: (session) =>
        new vscode.DebugAdapterExecutable(process.execPath, [bundle(ctx.extension, 'debug-adapter')], {
          env: programEnvironment(session.workspaceFolder?.uri),
        }),
    }),
  ];
}

/** What F5 and the command start for a C file or an object. */
export function fileConfiguration(program: string): vscode.DebugConfiguration {
  // A BPF program is over at once: without a breakpoint to stop at, it stops on entry.
  const stopOnEntry = !vscode.debug.breakpoints.some(
    (one) => one.enabled && one instanceof vscode.SourceBreakpoint && one.location.uri.fsPath === program,
  );
  return { type: debugType, request: 'launch', name: path.basename(program), program, stopOnEntry };
}

class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  constructor(private readonly ctx: Ctx) {}

  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [{ ...fileConfiguration('${file}'), name: vscode.l10n.t('Debug this BPF program') }];
  }

  resolveDebugConfiguration(
    _folder: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): vscode.ProviderResult<vscode.DebugConfiguration> {
    const written: Partial<vscode.DebugConfiguration> = config;
    if (written.type !== undefined || written.request !== undefined || written.name !== undefined) return config;
    // F5 without a launch.json.
    const document = vscode.window.activeTextEditor?.document;
    if (document?.uri.scheme === 'file' && /\.[co]$/i.test(document.uri.fsPath)) {
      return fileConfiguration(document.uri.fsPath);
    }
    void vscode.window.showInformationMessage(vscode.l10n.t('eBPF: open the C file of a BPF program, then debug it.'));
    return undefined;
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    _folder: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const program: unknown = config['program'];
    if (typeof program !== 'string' || program === '') {
      void vscode.window.showErrorMessage(
        vscode.l10n.t('eBPF: the launch configuration has no "program": name a BPF C source or object.'),
      );
      return undefined;
    }
    if (config['function'] !== undefined || !/\.c$/i.test(program)) return config;
    const choice = await this.chooseFunction(program);
    if (choice === null) return undefined;
    return choice === undefined ? config : { ...config, function: choice };
  }

  /** The program around the cursor, else the only one, else the one that the user picks. Undefined leaves it to the adapter, null gives up. */
  private async chooseFunction(file: string): Promise<string | undefined | null> {
    const document = vscode.workspace.textDocuments.find((one) => one.uri.fsPath === file && one.languageId === 'c');
    const { server } = this.ctx;
    if (!document || !server) return undefined;
    const programs = await server.request('ebpf/programs', { uri: document.uri.toString() });
    const editor = vscode.window.visibleTextEditors.find((one) => one.document === document);
    const atCursor = editor && programAt(programs, editor.selection.active.line);
    if (atCursor) return atCursor.name;
    if (programs.length <= 1) return programs[0]?.name;
    const picked = await vscode.window.showQuickPick(
      programs.map(({ name, section }) => ({ label: name, description: section })),
      { title: vscode.l10n.t('Which program?') },
    );
    return picked ? picked.label : null;
  }
}

/** The last program that begins at or before the line. */
function programAt(programs: readonly SourceProgram[], line: number): SourceProgram | undefined {
  return programs.filter((program) => program.line <= line).at(-1);
}
