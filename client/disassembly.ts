import * as vscode from 'vscode';
import type { Disassembly } from '../server/protocol';
import { disassemblyLanguage, disassemblyScheme } from './contributions';
import type { Ctx } from './ctx';

/** Shows what C files were compiled to, as read-only documents that follow each verification. */
export function registerDisassembly(ctx: Ctx): vscode.Disposable[] {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  return [
    changed,
    ctx.onVerified((source) => {
      const uri = disassemblyUri(source).toString();
      if (vscode.workspace.textDocuments.some((open) => open.uri.toString() === uri))
        changed.fire(vscode.Uri.parse(uri));
    }),
    vscode.workspace.registerTextDocumentContentProvider(disassemblyScheme, {
      onDidChange: changed.event,
      provideTextDocumentContent: async (uri) => {
        // The server knows a file while it is open; whoever comes back to this document may have closed it.
        const { uri: source } = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri.query, true));
        const answer = await disassemblyOf(ctx, source);
        return 'text' in answer ? answer.text : answer.message.replace(/^/gm, '; ');
      },
    }),
  ];
}

/** Opens a file's disassembly beside it, or tells why there is none. */
export async function showDisassembly(ctx: Ctx, source: vscode.Uri): Promise<void> {
  const answer = await disassemblyOf(ctx, source);
  if ('message' in answer) {
    void vscode.window.showErrorMessage(`eBPF: ${answer.message}`);
    return;
  }
  const opened = await vscode.workspace.openTextDocument(disassemblyUri(source));
  const document = await vscode.languages.setTextDocumentLanguage(opened, disassemblyLanguage);
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: false,
  });
}

async function disassemblyOf(ctx: Ctx, source: vscode.Uri): Promise<Disassembly> {
  const { server } = ctx;
  if (!server) return { message: vscode.l10n.t('The language server does not run. Restart it first.') };
  return server.request('ebpf/disassembly', { uri: source.toString() });
}

/** The path is what tabs show; the query tells the source again. */
function disassemblyUri(source: vscode.Uri): vscode.Uri {
  return vscode.Uri.from({
    scheme: disassemblyScheme,
    path: vscode.l10n.t('{0} (disassembly)', source.path),
    query: source.toString(),
  });
}
