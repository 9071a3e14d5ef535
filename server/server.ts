import {
  CodeActionKind,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  type WorkspaceFolder,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import { CompileCommands } from '../tools/compile_commands';
import { quickFixes } from './actions';
import { withoutObject } from './disassembly';
import { hoverAt } from './hover';
import { Pool } from './pool';
import type { ClientNotifications, ClientRequests, InitializationOptions, ServerNotifications } from './protocol';
import { Publisher } from './publisher';
import { VerifiedObjects } from './run';
import { Session } from './session';
import { defaultSettings, readSettings, type Settings } from './settings';
import { findPrograms } from './source';

export interface ServerOptions {
  /** Absolute path of the verifier's worker script. */
  readonly workerScript: string;
  /** Worker threads. */
  readonly workers: number;
}

/** Capabilities of the client that change what we do. */
interface ClientKnows {
  readonly configuration: boolean;
  readonly watching: boolean;
  readonly folders: boolean;
}

/** Connects the session to a language client. */
export class Server {
  private readonly documents = new TextDocuments(TextDocument);
  private readonly pool: Pool;
  private readonly publisher: Publisher;
  private session: Session | undefined;
  private folders: readonly WorkspaceFolder[] = [];
  private knows: ClientKnows = { configuration: false, watching: false, folders: false };
  /** The settings of clients that do not answer `workspace/configuration`. */
  private pushed: unknown;
  private readonly toldProblems = new Set<string>();

  constructor(
    private readonly connection: Connection,
    options: ServerOptions,
  ) {
    this.pool = new Pool({ script: options.workerScript, size: options.workers });
    this.publisher = new Publisher((uri, diagnostics) => void connection.sendDiagnostics({ uri, diagnostics }));
    connection.onInitialize((params) => this.initialize(params));
    connection.onInitialized(() => this.initialized());
    connection.onShutdown(() => this.shutdown());
    connection.onDidChangeConfiguration(({ settings }) => {
      this.pushed = sectionOf(settings);
      this.run(this.session?.settingsChanged());
    });
    connection.onDidChangeWatchedFiles(({ changes }) =>
      this.run(this.session?.changedOnDisk(changes.map((change) => change.uri))),
    );
    connection.onHover(({ textDocument, position }) => hoverAt(this.publisher.of(textDocument.uri), position));
    connection.onCodeAction(({ context }) =>
      quickFixes(context.diagnostics, {
        text: (uri) => this.documents.get(uri)?.getText(),
        version: (uri) => this.documents.get(uri)?.version,
      }),
    );
    this.documents.onDidOpen(({ document }) => this.run(this.session?.opened(document.uri)));
    this.documents.onDidSave(({ document }) => this.run(this.session?.saved(document.uri)));
    this.documents.onDidClose(({ document }) => this.session?.closed(document.uri));
    this.onNotification('ebpf/trust', ({ trusted }) => {
      if (trusted) this.run(this.session?.trust());
    });
    this.onRequest('ebpf/verify', async ({ uri }) => (await this.session?.verify(uri)) ?? { state: 'none' });
    this.onRequest(
      'ebpf/disassembly',
      async ({ uri }) => (await this.session?.disassembly(uri)) ?? withoutObject({ state: 'none' }),
    );
    this.onRequest('ebpf/programs', ({ uri }) => findPrograms(this.documents.get(uri)?.getText() ?? ''));
    this.onRequest('ebpf/sync', async () => {
      await this.session?.idle();
      return null;
    });
    this.documents.listen(connection);
  }

  private initialize(params: InitializeParams): InitializeResult {
    const options = (params.initializationOptions ?? {}) as InitializationOptions;
    const { workspace } = params.capabilities;
    this.knows = {
      configuration: workspace?.configuration === true,
      watching: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
      folders: workspace?.workspaceFolders === true,
    };
    this.folders = params.workspaceFolders ?? [];
    this.pushed = options.settings;
    const findingsDocument = typeof options.findingsDocument === 'string' ? options.findingsDocument : undefined;
    this.session = new Session(
      {
        pool: this.pool,
        commands: new CompileCommands(),
        verified: new VerifiedObjects(),
        log: (line) => this.connection.console.info(line),
        openText: (uri) => this.documents.get(uri)?.getText(),
        findingsDocument,
        now: () => performance.now(),
      },
      this.publisher,
      {
        settings: (uri) => this.settings(uri),
        folderOf: (uri) => this.folderOf(uri),
        onStatus: (uri, status) => this.notify('ebpf/status', { uri, status }),
      },
      options.trusted === true,
    );
    return {
      serverInfo: { name: 'eBPF' },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
        hoverProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  private initialized(): void {
    if (this.knows.folders) {
      this.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const gone = new Set(removed.map((folder) => folder.uri));
        this.folders = [...this.folders.filter((folder) => !gone.has(folder.uri)), ...added];
        this.run(this.session?.everythingChanged());
      });
    }
    if (this.knows.configuration) {
      this.run(this.connection.client.register(DidChangeConfigurationNotification.type, { section: 'ebpf' }));
    }
    if (this.knows.watching) {
      const watchers = [{ globPattern: '**/*.h' }, { globPattern: '**/compile_commands.json' }];
      this.run(this.connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }));
    }
  }

  private async shutdown(): Promise<void> {
    this.session?.close();
    await this.pool.close();
  }

  private async settings(uri: string): Promise<Settings> {
    const raw: unknown = this.knows.configuration
      ? await this.connection.workspace.getConfiguration({ scopeUri: uri, section: 'ebpf' })
      : this.pushed;
    const { settings, problems } = raw === undefined ? { settings: defaultSettings, problems: [] } : readSettings(raw);
    for (const problem of problems) {
      if (this.toldProblems.has(problem)) continue;
      this.toldProblems.add(problem);
      this.connection.window.showWarningMessage(problem);
    }
    return settings;
  }

  /** The innermost workspace folder that holds the file. */
  private folderOf(uri: string): string | undefined {
    const holds = this.folders.filter((folder) =>
      uri.startsWith(folder.uri.endsWith('/') ? folder.uri : `${folder.uri}/`),
    );
    holds.sort((a, b) => b.uri.length - a.uri.length);
    return holds[0] && URI.parse(holds[0].uri).fsPath;
  }

  /** Starts something that nobody waits for; what goes wrong is logged. */
  private run(work: Promise<unknown> | undefined): void {
    work?.catch((error: unknown) => {
      this.connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  }

  private notify<M extends keyof ServerNotifications>(method: M, params: ServerNotifications[M]): void {
    this.run(this.connection.sendNotification(method, params));
  }

  private onNotification<M extends keyof ClientNotifications>(
    method: M,
    handler: (params: ClientNotifications[M]) => void,
  ): void {
    this.connection.onNotification(method, handler);
  }

  private onRequest<M extends keyof ClientRequests>(
    method: M,
    handler: (
      params: ClientRequests[M]['params'],
    ) => ClientRequests[M]['result'] | Promise<ClientRequests[M]['result']>,
  ): void {
    this.connection.onRequest(method, async (params: ClientRequests[M]['params']): Promise<unknown> => handler(params));
  }
}

/** `didChangeConfiguration` may carry all settings or none. */
function sectionOf(settings: unknown): unknown {
  return typeof settings === 'object' && settings !== null && 'ebpf' in settings ? settings.ebpf : undefined;
}
