import * as vscode from 'vscode';

/** Environment of our own Node programs: VS Code's executable as Node, and the settings that they would otherwise not see. */
export function programEnvironment(scope: vscode.ConfigurationScope | undefined): Record<string, string> {
  const settings = vscode.workspace.getConfiguration('ebpf', scope ?? null);
  const folder = folderOf(scope);
  const expand = (text: string): string =>
    folder === undefined ? text : text.replaceAll('${workspaceFolder}', () => folder);
  const environment: Record<string, string> = { ELECTRON_RUN_AS_NODE: '1' };
  const clang = settings.get<string>('clang.path', '');
  if (clang !== '') environment['EBPF_CLANG'] = expand(clang);
  const flags = settings.get<readonly string[]>('clang.flags', []);
  if (flags.length > 0) environment['EBPF_CFLAGS'] = flags.map((flag) => quote(expand(flag))).join(' ');
  return environment;
}

/** Absolute path of one of our bundles. */
export function bundle(extension: vscode.ExtensionContext, name: 'cli' | 'debug-adapter'): string {
  return extension.asAbsolutePath(`dist/${name}.js`);
}

function folderOf(scope: vscode.ConfigurationScope | undefined): string | undefined {
  const folder = scope instanceof vscode.Uri ? vscode.workspace.getWorkspaceFolder(scope) : undefined;
  return (folder ?? vscode.workspace.workspaceFolders?.[0])?.uri.fsPath;
}

/** EBPF_CFLAGS is split by the rules of a POSIX shell. */
function quote(flag: string): string {
  return `'${flag.replaceAll("'", "'\\''")}'`;
}
