import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type CodeAction,
  type Diagnostic,
  type Hover,
  type Position,
  type ProtocolConnection,
} from 'vscode-languageserver/node';
import { URI } from 'vscode-uri';
import type { ClientRequests, FileStatus, InitializationOptions, StatusParams } from '../../server/protocol';

export interface ClientOptions extends InitializationOptions {
  /** Absolute paths of the workspace folders. */
  readonly folders: readonly string[];
  /** What `workspace/configuration` answers for section `ebpf` and a document. */
  readonly configuration?: (uri: string) => unknown;
  readonly env?: NodeJS.ProcessEnv;
}

/** A language client as small as tests need it, talking to a real server process over stdio. */
export class TestClient {
  readonly diagnostics = new Map<string, Diagnostic[]>();
  /** Every publication, in order. */
  readonly published: { readonly uri: string; readonly count: number }[] = [];
  readonly statuses: StatusParams[] = [];
  readonly log: string[] = [];
  readonly shown: string[] = [];
  private readonly versions = new Map<string, number>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly connection: ProtocolConnection,
  ) {}

  static async start(options: ClientOptions): Promise<TestClient> {
    // Compiled tests lie in out/test/protocol, the compiled server in out/server.
    const main = path.join(__dirname, '..', '..', 'server', 'main.js');
    const child = spawn(process.execPath, [main, '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...options.env },
    });
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const client = new TestClient(child, connection);
    client.listen(options);
    const { folders, configuration, trusted, settings, findingsDocument } = options;
    const initializationOptions: InitializationOptions = {
      ...(trusted !== undefined && { trusted }),
      ...(settings !== undefined && { settings }),
      ...(findingsDocument !== undefined && { findingsDocument }),
    };
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: folders.map((folder) => ({ uri: URI.file(folder).toString(), name: path.basename(folder) })),
      capabilities: {
        workspace: {
          configuration: configuration !== undefined,
          workspaceFolders: true,
          didChangeWatchedFiles: { dynamicRegistration: true },
        },
      },
      initializationOptions,
    });
    await connection.sendNotification('initialized', {});
    return client;
  }

  private listen({ configuration }: ClientOptions): void {
    const { connection } = this;
    connection.onNotification(
      'textDocument/publishDiagnostics',
      (params: { uri: string; diagnostics: Diagnostic[] }) => {
        this.diagnostics.set(params.uri, params.diagnostics);
        this.published.push({ uri: params.uri, count: params.diagnostics.length });
      },
    );
    connection.onNotification('ebpf/status', (params: StatusParams) => void this.statuses.push(params));
    connection.onNotification('window/logMessage', ({ message }: { message: string }) => void this.log.push(message));
    connection.onNotification(
      'window/showMessage',
      ({ message }: { message: string }) => void this.shown.push(message),
    );
    connection.onRequest('window/showMessageRequest', ({ message }: { message: string }) => {
      this.shown.push(message);
      return null;
    });
    connection.onRequest('client/registerCapability', ({ registrations }: { registrations: { method: string }[] }) => {
      // VS Code tells the settings once to whoever begins to listen.
      const listens = registrations.some(({ method }) => method === 'workspace/didChangeConfiguration');
      if (listens) void this.notify('workspace/didChangeConfiguration', { settings: null });
      return null;
    });
    connection.onRequest('workspace/configuration', ({ items }: { items: { scopeUri?: string }[] }) =>
      items.map(({ scopeUri }) => configuration?.(scopeUri ?? '') ?? null),
    );
    connection.listen();
  }

  /** Opens the file as it is on disk and waits until the server is idle again. */
  async open(file: string): Promise<void> {
    const uri = uriOf(file);
    this.versions.set(uri, 1);
    const text = readFileSync(file, 'utf8');
    await this.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'c', version: 1, text } });
    await this.settled();
  }

  /** Changes the text in the editor without saving. */
  async edit(file: string, text: string): Promise<void> {
    const uri = uriOf(file);
    const version = (this.versions.get(uri) ?? 0) + 1;
    this.versions.set(uri, version);
    await this.notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });
  }

  /** Writes the file and tells the server, without waiting. */
  async saveOnly(file: string, text: string): Promise<void> {
    await this.edit(file, text);
    writeFileSync(file, text);
    await this.notify('textDocument/didSave', { textDocument: { uri: uriOf(file) } });
  }

  async save(file: string, text: string): Promise<void> {
    await this.saveOnly(file, text);
    await this.settled();
  }

  async close(file: string): Promise<void> {
    await this.notify('textDocument/didClose', { textDocument: { uri: uriOf(file) } });
    await this.settled();
  }

  notify(method: string, params: unknown): Promise<void> {
    return this.connection.sendNotification(method, params);
  }

  request<M extends keyof ClientRequests>(
    method: M,
    params: ClientRequests[M]['params'],
  ): Promise<ClientRequests[M]['result']> {
    return this.connection.sendRequest<ClientRequests[M]['result']>(method, params);
  }

  hover(file: string, position: Position): Promise<Hover | null> {
    return this.connection.sendRequest<Hover | null>('textDocument/hover', {
      textDocument: { uri: uriOf(file) },
      position,
    });
  }

  codeActions(file: string, diagnostics: readonly Diagnostic[]): Promise<CodeAction[]> {
    const range = diagnostics[0]?.range;
    const params = { textDocument: { uri: uriOf(file) }, range, context: { diagnostics } };
    return this.connection.sendRequest<CodeAction[]>('textDocument/codeAction', params);
  }

  /** Waits until the server has done everything that it was told so far. */
  async settled(): Promise<void> {
    await this.request('ebpf/sync', null);
  }

  of(file: string): Diagnostic[] {
    return this.diagnostics.get(uriOf(file)) ?? [];
  }

  status(file: string): FileStatus | undefined {
    return this.statuses.filter(({ uri }) => uri === uriOf(file)).at(-1)?.status;
  }

  states(file: string): string[] {
    return this.statuses.filter(({ uri }) => uri === uriOf(file)).map(({ status }) => status.state);
  }

  /** Ends the server in the way that the protocol wants; answers its exit code. */
  async stop(): Promise<number | null> {
    const exited = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    const code = await exited;
    this.connection.dispose();
    return code;
  }
}

export function uriOf(file: string): string {
  return URI.file(file).toString();
}
