import * as vscode from 'vscode';
import type { FileStatus } from '../server/protocol';
import { bpfFileContext } from './contributions';
import { Connection } from './connection';
import { StatusItem } from './status';

/**
 * Everything that lives as long as the extension, and the server's connection, which may be restarted within that time.
 * Restart is: dispose the connection, start a new one.
 */
export class Ctx {
  readonly log: vscode.LogOutputChannel;
  /** A verification ended, well or not. */
  readonly onVerified: vscode.Event<vscode.Uri>;
  private readonly verified = new vscode.EventEmitter<vscode.Uri>();
  private readonly item: StatusItem;
  private readonly statuses = new Map<string, FileStatus>();
  private connection: Connection | undefined;
  private toldNoClang = false;

  constructor(readonly extension: vscode.ExtensionContext) {
    this.log = vscode.window.createOutputChannel('eBPF', { log: true });
    this.item = new StatusItem();
    this.onVerified = this.verified.event;
    extension.subscriptions.push(this.log, this.item, this.verified);
  }

  async start(): Promise<void> {
    this.extension.subscriptions.push(
      vscode.window.onDidChangeActiveTextEditor(() => this.showActive()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.connection?.trust()),
    );
    await this.startServer();
  }

  async stop(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    await connection?.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    this.statuses.clear();
    this.showActive();
    await this.startServer();
  }

  /** The running server, or undefined after it failed or while it restarts. */
  get server(): Connection | undefined {
    return this.connection;
  }

  statusOf(uri: vscode.Uri): FileStatus {
    return this.statuses.get(uri.toString()) ?? { state: 'none' };
  }

  /** URIs of the open C files that hold BPF programs. */
  bpfFiles(): vscode.Uri[] {
    return [...this.statuses.keys()].map((uri) => vscode.Uri.parse(uri));
  }

  async idle(): Promise<void> {
    await this.connection?.request('ebpf/sync', null);
  }

  private async startServer(): Promise<void> {
    this.item.serverRuns(true);
    const connection = new Connection(this.extension, this.log, {
      onStatus: (uri, status) => this.take(uri, status),
      onStopped: () => {
        this.statuses.clear();
        this.item.serverRuns(false);
        this.showActive();
      },
    });
    this.connection = connection;
    try {
      await connection.start();
    } catch (error) {
      this.item.serverRuns(false);
      throw error;
    }
  }

  private take(uri: string, status: FileStatus): void {
    // The server spells URIs as the client sent them; VS Code's own spelling is the key.
    const parsed = vscode.Uri.parse(uri);
    if (status.state === 'none') this.statuses.delete(parsed.toString());
    else this.statuses.set(parsed.toString(), status);
    this.showActive();
    if (isEnd(status)) this.verified.fire(parsed);
    if (status.state === 'no-clang') void this.tellNoClang(status.remedy);
  }

  private showActive(): void {
    const document = vscode.window.activeTextEditor?.document;
    const status = document ? this.statusOf(document.uri) : ({ state: 'none' } as const);
    this.item.show(status);
    void vscode.commands.executeCommand('setContext', bpfFileContext, status.state !== 'none');
  }

  /** Once per window: the status bar and the diagnostic say it all the time. */
  private async tellNoClang(remedy: string): Promise<void> {
    if (this.toldNoClang) return;
    this.toldNoClang = true;
    const settings = vscode.l10n.t('Open Settings');
    const message = vscode.l10n.t('eBPF: no clang with a BPF target was found. {0}', remedy);
    if ((await vscode.window.showWarningMessage(message, settings)) === settings) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'ebpf.clang.path');
    }
  }
}

/** Whether a run came to its end with this status. */
function isEnd({ state }: FileStatus): boolean {
  return ['proved', 'refused', 'compile-error', 'no-clang', 'failed'].includes(state);
}
