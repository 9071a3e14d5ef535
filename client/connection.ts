import * as vscode from 'vscode';
import { LanguageClient, State, TransportKind, type LanguageClientOptions } from 'vscode-languageclient/node';
import { clientId } from './contributions';
import type {
  ClientNotifications,
  ClientRequests,
  FileStatus,
  InitializationOptions,
  ServerNotifications,
} from '../server/protocol';

export interface ConnectionEvents {
  onStatus(uri: string, status: FileStatus): void;
  /** The server ended and will not come back by itself. */
  onStopped(): void;
}

/** One run of the language server. */
export class Connection {
  private readonly client: LanguageClient;
  private stopping = false;

  constructor(extension: vscode.ExtensionContext, log: vscode.LogOutputChannel, events: ConnectionEvents) {
    const module = extension.asAbsolutePath('dist/server.js');
    const initializationOptions: InitializationOptions = {
      trusted: vscode.workspace.isTrusted,
      findingsDocument: vscode.Uri.joinPath(extension.extensionUri, 'docs', 'findings.md').toString(),
    };
    const options: LanguageClientOptions = {
      documentSelector: [{ scheme: 'file', language: 'c' }],
      outputChannel: log,
      initializationOptions,
      diagnosticCollectionName: 'ebpf',
    };
    this.client = new LanguageClient(
      clientId,
      'eBPF',
      {
        run: { module, transport: TransportKind.ipc },
        debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=6009'] } },
      },
      options,
    );
    this.onNotification('ebpf/status', ({ uri, status }) => events.onStatus(uri, status));
    this.client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped && !this.stopping) events.onStopped();
    });
  }

  start(): Promise<void> {
    return this.client.start();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.client.state !== State.Stopped) await this.client.stop();
    await this.client.dispose();
  }

  /** Workspace Trust was granted. */
  trust(): void {
    const params: ClientNotifications['ebpf/trust'] = { trusted: true };
    void this.client.sendNotification('ebpf/trust', params);
  }

  request<M extends keyof ClientRequests>(
    method: M,
    params: ClientRequests[M]['params'],
  ): Promise<ClientRequests[M]['result']> {
    return this.client.sendRequest<ClientRequests[M]['result']>(method, params);
  }

  private onNotification<M extends keyof ServerNotifications>(
    method: M,
    handler: (params: ServerNotifications[M]) => void,
  ): void {
    this.client.onNotification(method, handler);
  }
}
