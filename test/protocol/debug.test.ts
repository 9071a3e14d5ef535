import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { LaunchArguments } from '../../debug-adapter/protocol';
import { findClang } from '../../tools/clang';

/** The debug adapter as a client sees it: a real process over stdio, real clang, the real emulator. */

// Compiled tests lie in out/test/protocol.
const root = path.join(__dirname, '..', '..', '..');

/** The bundle or the compiled sources, whichever is newer. */
function adapter(): string {
  const candidates = ['dist/debug-adapter.js', 'out/debug-adapter/main.js'].map((file) => path.join(root, file));
  const there = candidates.filter((file) => existsSync(file));
  return there.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0]!;
}

const HEADER = `
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
static long (*bpf_trace_printk)(const char *format, u32 size, ...) = (void *)6;
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
char LICENSE[] SEC("license") = "GPL";
`.trim();

/** Sources that the tests debug; a line is found by the comment on it. */
const SOURCES = {
  'steps.c': `${HEADER}
struct { int (*type)[2]; int (*max_entries)[4]; u32 *key; u64 *value; } counters SEC(".maps");
static __attribute__((noinline)) u32 twice(u32 number)
{
  volatile u32 result = number; // callee
  result += number; // callee 2
  return result; // callee end
}
SEC("xdp") int steps(struct xdp_md *ctx)
{
  u32 key = 2;
  volatile u32 value = ctx->ingress_ifindex; // first
  u64 *counter = bpf_map_lookup_elem(&counters, &key); // lookup
  if (counter)
    *counter += value; // count
  value = twice(value); // call
  static const char format[] = "value %d";
  bpf_trace_printk(format, sizeof(format), value); // print
  return value == 6 ? 2 : 1; // end
}
`,
  'typed.c': `${HEADER}
enum state { CLOSED, OPEN = 7 };
struct flow { enum state state; u32 low : 3; u32 high : 5; char name[8]; struct { u16 ports[2]; } ends; void *where; };
struct { int (*type)[2]; int (*max_entries)[1]; u32 *key; struct flow *value; } flows SEC(".maps");
struct { int (*type)[6]; int (*max_entries)[1]; u32 *key; u64 *value; } each SEC(".maps");
int limit = -5;
const volatile struct { u8 on; u16 size; } options = { 1, 300 };
SEC("xdp") int typed(struct xdp_md *ctx)
{
  u32 key = 0;
  struct flow *flow = bpf_map_lookup_elem(&flows, &key);
  u64 *own = bpf_map_lookup_elem(&each, &key);
  if (!flow || !own)
    return 0;
  *own = 4;
  flow->state = OPEN;
  flow->low = 5;
  flow->high = 17;
  __builtin_memcpy(flow->name, "abc", 4);
  flow->ends.ports[1] = 80;
  limit = options.size; // typed
  return options.on;
}
`,
  'fault.c': `${HEADER}
SEC("xdp") int fault(struct xdp_md *ctx)
{
  u8 *data = (u8 *)(long)ctx->data; // load
  return data[20]; // fault
}
`,
  'endless.c': `${HEADER}
SEC("xdp") int endless(struct xdp_md *ctx)
{
  volatile u32 round = 0;
  while (ctx->ingress_ifindex) // loop
    round++;
  return 0;
}
`,
  'two.c': `${HEADER}
SEC("xdp") int one(struct xdp_md *ctx)
{
  return ctx->ingress_ifindex; // one
}
SEC("xdp") int two(struct xdp_md *ctx)
{
  return ctx->rx_queue_index; // two
}
`,
  'broken.c': `${HEADER}
SEC("xdp") int broken(struct xdp_md *ctx)
{
  return undeclared; // broken
}
`,
} as const;

type SourceName = keyof typeof SOURCES;

let folder = '';
let hasClang = false;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf debug ü-'));
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(path.join(folder, name), text);
  hasClang = (await findClang()).kind === 'found';
});
after(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (name: SourceName): string => path.join(folder, name);

/** Line of a source, counted from 1, by the comment at its end. */
function lineOf(name: SourceName, comment: string): number {
  const line = SOURCES[name].split('\n').findIndex((one) => one.endsWith(`// ${comment}`));
  assert.ok(line >= 0, comment);
  return line + 1;
}

/** What the program printed and how it ended, gathered from events. */
interface Heard {
  readonly client: DebugClient;
  readonly output: string[];
  exitCode: number | undefined;
}

/** Runs a test with an adapter of its own. */
function session(name: string, use: (heard: Heard, t: TestContext) => Promise<void>): void {
  it(name, async (t) => {
    if (!hasClang) return t.skip('no clang with a BPF target on this machine');
    const client = new DebugClient(process.execPath, adapter(), 'ebpf');
    client.defaultTimeout = 20_000;
    const heard: Heard = { client, output: [], exitCode: undefined };
    client.on('output', (event: DebugProtocol.OutputEvent) => heard.output.push(event.body.output));
    client.on('exited', (event: DebugProtocol.ExitedEvent) => (heard.exitCode = event.body.exitCode));
    await client.start();
    try {
      await use(heard, t);
    } finally {
      await client.stop();
    }
  });
}

/** Launches and sets breakpoints by comments; answers them and the first stop, or that the program ended. */
async function start(
  { client }: Heard,
  name: SourceName,
  more: Partial<LaunchArguments> = {},
  comments: readonly string[] = [],
): Promise<{ breakpoints: DebugProtocol.Breakpoint[]; stop: DebugProtocol.StoppedEvent | undefined }> {
  const stop = nextStop(client);
  const breakpoints = event(client, 'initialized').then(async () => {
    const lines = comments.map((comment) => ({ line: lineOf(name, comment) }));
    const response = await client.setBreakpointsRequest({ source: { path: fileOf(name) }, breakpoints: lines });
    await client.configurationDoneRequest();
    return response.body.breakpoints;
  });
  await Promise.all([client.launch({ program: fileOf(name), ...more }), breakpoints]);
  return { breakpoints: await breakpoints, stop: await stop };
}

/** An event that may never come; the test's own time limit is the only one. */
function event(client: DebugClient, name: string): Promise<unknown> {
  return new Promise((resolve) => client.once(name, resolve));
}

/** The next stop; undefined when the program ends instead. */
function nextStop(client: DebugClient): Promise<DebugProtocol.StoppedEvent | undefined> {
  const stop = new Promise<DebugProtocol.StoppedEvent | undefined>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('neither stopped nor ended')), 20_000);
    const done = (event: DebugProtocol.StoppedEvent | undefined): void => {
      clearTimeout(timer);
      client.off('stopped', onStopped);
      client.off('terminated', onEnd);
      resolve(event);
    };
    const onStopped = (event: DebugProtocol.StoppedEvent): void => done(event);
    const onEnd = (): void => done(undefined);
    client.on('stopped', onStopped);
    client.on('terminated', onEnd);
    timer.unref();
  });
  // A test whose launch is refused never looks at it.
  stop.catch(() => undefined);
  return stop;
}

/** Sends a request that sets the program going and waits for the next stop. */
async function go(
  { client }: Heard,
  command: 'continue' | 'next' | 'stepIn' | 'stepOut',
): Promise<DebugProtocol.StoppedEvent | undefined> {
  const stop = nextStop(client);
  await client.send(command, { threadId: 1 });
  return stop;
}

/** The stack as `function:line`, innermost first. */
async function stack({ client }: Heard): Promise<string[]> {
  const { body } = await client.stackTraceRequest({ threadId: 1 });
  return body.stackFrames.map((frame) => `${frame.name}:${frame.line}`);
}

/** Variables of a scope of the innermost frame, by name. */
async function scope({ client }: Heard, name: string): Promise<Record<string, DebugProtocol.Variable>> {
  const { body } = await client.stackTraceRequest({ threadId: 1 });
  const { scopes } = (await client.scopesRequest({ frameId: body.stackFrames[0]!.id })).body;
  const found = scopes.find((one) => one.name.startsWith(name));
  assert.ok(found, `no scope ${name} in ${scopes.map((one) => one.name).join(', ')}`);
  return opened(client, found.variablesReference);
}

async function opened(
  client: DebugClient,
  variablesReference: number,
): Promise<Record<string, DebugProtocol.Variable>> {
  const { variables } = (await client.variablesRequest({ variablesReference })).body;
  return Object.fromEntries(variables.map((variable) => [variable.name, variable]));
}

describe('debug adapter', { concurrency: 2 }, () => {
  session('announces only what has a handler', async ({ client }) => {
    const { body } = await client.initializeRequest();
    assert.deepEqual(Object.keys(body ?? {}).sort(), [
      'supportsBreakpointLocationsRequest',
      'supportsConfigurationDoneRequest',
      'supportsEvaluateForHovers',
      'supportsExceptionInfoRequest',
      'supportsRestartRequest',
      'supportsSteppingGranularity',
      'supportsTerminateRequest',
      'supportsValueFormattingOptions',
    ]);
  });

  session('stops on entry, steps over, into and out of a subprogram, and ends', async (heard) => {
    const { stop } = await start(heard, 'steps.c', { context: { ingress_ifindex: 3 } });
    const line = (comment: string): number => lineOf('steps.c', comment);
    assert.equal(stop?.body.reason, 'entry');
    const [entry] = await stack(heard);
    assert.match(entry!, /^steps:\d+$/);
    const seen: string[] = [];
    while ((await stack(heard))[0] !== `steps:${line('call')}`) {
      seen.push((await stack(heard))[0]!);
      assert.equal((await go(heard, 'next'))?.body.reason, 'step');
      assert.ok(seen.length < 30, seen.join(' '));
    }
    assert.ok(seen.includes(`steps:${line('lookup')}`), seen.join(' '));
    assert.equal((await go(heard, 'stepIn'))?.body.reason, 'step');
    const inside = await stack(heard);
    assert.match(inside[0]!, /^twice:/);
    assert.equal(inside[1], `steps:${line('call')}`);
    assert.equal((await go(heard, 'stepOut'))?.body.reason, 'step');
    assert.match((await stack(heard))[0]!, /^steps:/);
    assert.equal(await go(heard, 'continue'), undefined);
    assert.equal(heard.exitCode, 2);
    assert.deepEqual(heard.output, ['value 6\n', 'returned 2 (XDP_PASS)\n']);
  });

  session('stops at breakpoints, also in a subprogram, and moves them to code', async (heard) => {
    const { breakpoints, stop } = await start(
      heard,
      'steps.c',
      { stopOnEntry: false, context: { ingress_ifindex: 1 } },
      ['callee 2', 'print'],
    );
    const line = (comment: string): number => lineOf('steps.c', comment);
    assert.deepEqual(
      breakpoints.map(({ verified, line: at }) => [verified, at]),
      [
        [true, line('callee 2')],
        [true, line('print')],
      ],
    );
    assert.equal(stop?.body.reason, 'breakpoint');
    assert.deepEqual(await stack(heard), [`twice:${line('callee 2')}`, `steps:${line('call')}`]);
    const { body } = await heard.client.setBreakpointsRequest({
      source: { path: fileOf('steps.c') },
      breakpoints: [{ line: line('print') - 1 }, { line: 10_000 }],
    });
    assert.deepEqual(
      body.breakpoints.map((one) => one.verified),
      [true, false],
    );
    assert.equal(body.breakpoints[0]!.line, line('print'));
    assert.equal((await go(heard, 'continue'))?.body.reason, 'breakpoint');
    assert.deepEqual(await stack(heard), [`steps:${line('print')}`]);
    assert.equal(await go(heard, 'continue'), undefined);
    assert.equal(heard.exitCode, 1);
  });

  session('shows registers, context, packet, stack and maps', async (heard) => {
    await start(
      heard,
      'steps.c',
      { stopOnEntry: false, packet: '01 02:03 41', context: { ingress_ifindex: 3, rx_queue_index: '0x10' } },
      ['call'],
    );
    const registers = await scope(heard, 'Registers');
    assert.equal(registers['r10']!.value, 'stack+0');
    assert.equal(registers['r3']!.value, '<no value>');
    const context = await scope(heard, 'Context');
    assert.equal(context['data']!.value, 'packet+0');
    assert.equal(context['data_end']!.value, 'packet+4');
    assert.equal(context['rx_queue_index']!.value, '16 (0x10)');
    assert.match((await scope(heard, 'Packet (4 bytes)'))['0x0000']!.value, /^01 02 03 41 .*\.\.\.A$/);
    assert.ok(Object.keys(await scope(heard, 'Stack')).length >= 1);
    const maps = await scope(heard, 'Maps');
    assert.equal(maps['counters']!.value, '4 entries');
    const entries = await opened(heard.client, maps['counters']!.variablesReference);
    assert.deepEqual(
      Object.values(entries).map((entry) => [entry.name, entry.value]),
      [
        ['[0]', '0'],
        ['[1]', '0'],
        ['[2]', '3'],
        ['[3]', '0'],
      ],
    );
    const ask = async (expression: string): Promise<string> =>
      (await heard.client.evaluateRequest({ expression, context: 'watch' })).body.result;
    assert.equal(await ask('r10 - 8'), 'stack-8');
    assert.equal(await ask('0x20'), '32 (0x20)');
    assert.equal(await ask('ctx->ingress_ifindex'), '3');
    await assert.rejects(ask('no_such_thing'), /cannot evaluate no_such_thing/);
  });

  session('shows map values and global variables by their types', async (heard) => {
    const { stop } = await start(heard, 'typed.c', { stopOnEntry: false }, ['typed']);
    assert.equal(stop?.body.reason, 'breakpoint');
    const maps = await scope(heard, 'Maps');
    const rows = async (row: DebugProtocol.Variable | undefined): Promise<Record<string, string>> =>
      Object.fromEntries(
        Object.values(await opened(heard.client, row?.variablesReference ?? 0)).map((child) => [
          child.name,
          child.value,
        ]),
      );
    const flow = Object.values(await opened(heard.client, maps['flows']!.variablesReference))[0];
    assert.deepEqual(await rows(flow), {
      state: 'OPEN (7)',
      low: '5',
      high: '17',
      name: '"abc"',
      ends: '{ports = {0, 80}}',
      where: '0',
    });
    assert.equal(flow?.type, 'struct flow');
    const each = Object.values(await opened(heard.client, maps['each']!.variablesReference))[0];
    assert.deepEqual(await rows(each), { 'CPU 0': '4', 'CPU 1': '0', 'CPU 2': '0', 'CPU 3': '0' });
    assert.deepEqual(await rows(maps['.data']), { limit: '-5' });
    assert.deepEqual(await rows(maps['.rodata']), { options: '{on = 1, size = 300}' });
    const ask = async (expression: string): Promise<string> =>
      (await heard.client.evaluateRequest({ expression, context: 'hover' })).body.result;
    assert.equal(await ask('limit'), '-5');
    await go(heard, 'next');
    assert.equal(await ask('limit'), '300');
  });

  session('stops at a fault and explains it', async (heard) => {
    const { stop } = await start(heard, 'fault.c', { stopOnEntry: false, packet: '00112233445566778899aabbccddeeff' });
    assert.equal(stop?.body.reason, 'exception');
    const message = 'the program reads 1 byte at packet+20: the packet ends 4 bytes before that';
    assert.equal(stop.body.text, message);
    assert.deepEqual(await stack(heard), [`fault:${lineOf('fault.c', 'fault')}`]);
    const { body } = await heard.client.exceptionInfoRequest({ threadId: 1 });
    assert.equal(body.exceptionId, 'out-of-bounds');
    assert.equal(body.description, message);
    assert.match(body.details?.stackTrace ?? '', /packet: 0x[0-9a-f]+, 16 bytes/);
    assert.equal(await go(heard, 'continue'), undefined);
    assert.equal(heard.exitCode, 1);
  });

  session('pauses an endless program, and ends it', async (heard) => {
    const stop = nextStop(heard.client);
    await start(heard, 'endless.c', { context: { ingress_ifindex: 1 } });
    assert.equal((await stop)?.body.reason, 'entry');
    const paused = nextStop(heard.client);
    await heard.client.continueRequest({ threadId: 1 });
    await assert.rejects(heard.client.stackTraceRequest({ threadId: 1 }), /running/);
    const asked = Date.now();
    await heard.client.pauseRequest({ threadId: 1 });
    assert.equal((await paused)?.body.reason, 'pause');
    assert.ok(Date.now() - asked < 1000);
    assert.match((await stack(heard))[0]!, /^endless:/);
    await heard.client.continueRequest({ threadId: 1 });
    const ended = event(heard.client, 'terminated');
    await heard.client.terminateRequest({});
    await ended;
  });

  session('restarts with the source as it is now', async (heard) => {
    await start(heard, 'steps.c', { stopOnEntry: false, context: { ingress_ifindex: 1 } }, ['print']);
    const stop = nextStop(heard.client);
    await heard.client.restartRequest({});
    assert.equal((await stop)?.body.reason, 'breakpoint');
    assert.deepEqual(await stack(heard), [`steps:${lineOf('steps.c', 'print')}`]);
  });

  session('asks which program when there are several', async (heard) => {
    await assert.rejects(start(heard, 'two.c'), /several programs; set "function" to one of one, two/);
  });

  session('tells breakpoints of another program apart', async (heard) => {
    const { breakpoints, stop } = await start(heard, 'two.c', { function: 'two', stopOnEntry: false }, ['one', 'two']);
    assert.deepEqual(
      breakpoints.map((one) => one.verified),
      [false, true],
    );
    assert.equal(breakpoints[0]!.message, 'This line is in one; two is debugged.');
    assert.equal(stop?.body.reason, 'breakpoint');
    assert.deepEqual(await stack(heard), [`two:${lineOf('two.c', 'two')}`]);
  });

  for (const [what, name, more, expected] of [
    ['a source that does not compile', 'broken.c', {}, /broken\.c:\d+: use of undeclared identifier 'undeclared'/],
    ['a packet that is not hexadecimal', 'fault.c', { packet: 'xyz' }, /packet is not hexadecimal: it has "x"/],
    ['a context field that is not there', 'fault.c', { context: { mark: 1 } }, /no field "mark"; it has data, /],
    [
      'a program that is not there',
      'two.c',
      { function: 'three' },
      /no program three; set "function" to one of one, two/,
    ],
    ['a launch configuration of the wrong type', 'two.c', { function: 7 as never }, /"function" must be a string/],
    ['a file that is not there', 'two.c', { program: '/nowhere/x.o' }, /cannot read .*x\.o: there is no such file/],
  ] as const) {
    session(`refuses ${what} with one sentence for the user`, async (heard) => {
      await heard.client.initializeRequest();
      const refused = heard.client.launchRequest({
        program: fileOf(name),
        ...more,
      } as DebugProtocol.LaunchRequestArguments);
      await assert.rejects(refused, expected);
    });
  }

  session('debugs an example by its real source', async (heard) => {
    const file = path.join(root, 'examples', 'linux', 'subprograms.bpf.c');
    const text = readFileSync(file, 'utf8').split('\n');
    const line = text.findIndex((one) => one.includes('sum += *word++')) + 1;
    const packet = `02005e00530202005e0053010800${'4500002812344000400600007f0000017f000001'}0000`;
    const stop = nextStop(heard.client);
    const ready = event(heard.client, 'initialized').then(async () => {
      await heard.client.setBreakpointsRequest({ source: { path: file }, breakpoints: [{ line }] });
      await heard.client.configurationDoneRequest();
    });
    await Promise.all([heard.client.launch({ program: file, packet, stopOnEntry: false }), ready]);
    assert.equal((await stop)?.body.reason, 'breakpoint');
    const frames = (await heard.client.stackTraceRequest({ threadId: 1 })).body.stackFrames;
    assert.deepEqual(
      frames.map((frame) => frame.name),
      ['header_checksum', 'drop_bad_checksums'],
    );
    assert.equal(frames[0]!.source?.path, file);
  });
});
