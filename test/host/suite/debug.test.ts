import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, file, lineOf, open } from './workspace';

/** The part of the Debug Adapter Protocol that these tests read. */
interface Message {
  readonly type: string;
  readonly event?: string;
  readonly body?: {
    readonly reason?: string;
    readonly output?: string;
    readonly exitCode?: number;
  };
}
interface Frame {
  readonly id: number;
  readonly name: string;
  readonly line: number;
}
interface Variable {
  readonly name: string;
  readonly value: string;
}

/** Watches what the adapter says during one session. */
class Watched implements vscode.Disposable {
  private readonly events: Message[] = [];
  private readonly subscription: vscode.Disposable;
  private seen = 0;
  private session: vscode.DebugSession | undefined;

  constructor() {
    this.subscription = vscode.debug.registerDebugAdapterTrackerFactory('ebpf', {
      createDebugAdapterTracker: (session) => {
        this.session = session;
        return {
          onDidSendMessage: (message: Message) => {
            if (message.type === 'event') this.events.push(message);
          },
        };
      },
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }

  /** The reason of the next stop. */
  async stop(): Promise<string | undefined> {
    const event = await eventually('a stop', () => {
      const index = this.events.findIndex(({ event: name }, at) => at >= this.seen && name === 'stopped');
      if (index < 0) return undefined;
      this.seen = index + 1;
      return this.events[index];
    });
    return event.body?.reason;
  }

  async end(): Promise<number | undefined> {
    await eventually('the end', () => this.events.find(({ event }) => event === 'terminated'));
    return this.events.find(({ event }) => event === 'exited')?.body?.exitCode;
  }

  get output(): string {
    return this.events.map(({ event, body }) => (event === 'output' ? (body?.output ?? '') : '')).join('');
  }

  async request<T>(command: string, args?: unknown): Promise<T> {
    assert.ok(this.session, 'a session runs');
    return (await this.session.customRequest(command, args)) as T;
  }

  async top(): Promise<Frame> {
    const { stackFrames } = await this.request<{ stackFrames: Frame[] }>('stackTrace', { threadId: 1 });
    assert.ok(stackFrames[0]);
    return stackFrames[0];
  }

  async registers(): Promise<Variable[]> {
    const frame = await this.top();
    const { scopes } = await this.request<{ scopes: { name: string; variablesReference: number }[] }>('scopes', {
      frameId: frame.id,
    });
    const scope = scopes.find(({ name }) => /register/i.test(name));
    assert.ok(scope, scopes.map(({ name }) => name).join(', '));
    const { variablesReference } = scope;
    return (await this.request<{ variables: Variable[] }>('variables', { variablesReference })).variables;
  }
}

describe('debugging', () => {
  let watched: Watched;
  beforeEach(() => {
    watched = new Watched();
  });
  afterEach(async () => {
    watched.dispose();
    await vscode.debug.stopDebugging();
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
  });

  /** An Ethernet, IPv4 and TCP header: 54 bytes that the filter lets pass. */
  const packet =
    '02005e00530202005e005301080045000028123440004006c257c6336407cb0071099c40005000000001000000005002faf0b21b0000';

  it('stops at a line breakpoint, steps, shows registers, and ends with the return value', async () => {
    const { document } = await open('linux/xdp_filter.bpf.c');
    const line = lineOf(document, '__be32 source = ip->saddr;');
    const place = new vscode.Location(document.uri, new vscode.Position(line, 0));
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(place)]);
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const started = await vscode.debug.startDebugging(folder, {
      ...{ type: 'ebpf', request: 'launch', name: 'test' },
      ...{ program: file('linux/xdp_filter.bpf.c'), function: 'xdp_filter', packet, stopOnEntry: false },
    });
    assert.ok(started);

    assert.equal(await watched.stop(), 'breakpoint');
    const at = await watched.top();
    assert.equal(at.line, line + 1);
    assert.match(at.name, /xdp_filter/);

    const registers = await watched.registers();
    const names = registers.map(({ name }) => name);
    for (let i = 0; i <= 10; i++) assert.ok(names.includes(`r${i}`), names.join(' '));
    assert.ok(registers.every(({ value }) => value !== ''));

    await watched.request('next', { threadId: 1 });
    assert.equal(await watched.stop(), 'step');
    assert.notEqual((await watched.top()).line, at.line);

    await watched.request('continue', { threadId: 1 });
    // XDP_PASS is 2.
    assert.equal(await watched.end(), 2);
    assert.match(watched.output, /XDP_PASS|\b2\b/);
  });

  it('needs no launch.json: the open file is compiled and stops on entry', async () => {
    const { document } = await open('windows/hello_bind.c');
    await vscode.commands.executeCommand('ebpf.debug');
    assert.equal(await watched.stop(), 'entry');
    const { line } = await watched.top();
    const first = lineOf(document, 'hello_bind(bind_md_t') + 1;
    assert.ok(line >= first && line <= first + 3, `line ${line}`);
    await watched.request('continue', { threadId: 1 });
    assert.equal(await watched.end(), 0);
  });

  it('tells why a configuration cannot be used', async () => {
    const started = vscode.debug.startDebugging(undefined, { type: 'ebpf', request: 'launch', name: 'none' });
    assert.equal(await started, false);
  });
});
