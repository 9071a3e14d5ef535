import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { findClang } from '../../tools/clang';
import { TestClient, uriOf, type ClientOptions } from './language_client';

/** The language server as a client sees it: a real process, real clang, the real verifier. */

// Compiled tests lie in out/test/protocol.
const root = path.join(__dirname, '..', '..', '..');
const examples = path.join(root, 'examples', 'windows');

let folder = '';
let clang: string | undefined;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf server ü-'));
  const search = await findClang();
  clang = search.kind === 'found' ? search.clang.path : undefined;
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A fresh workspace with the refused tracker in it. */
function workspace(name: string): { folder: string; tracker: string; text: string } {
  const own = path.join(folder, name);
  mkdirSync(own);
  cpSync(path.join(examples, 'include'), path.join(own, 'include'), { recursive: true });
  const tracker = path.join(own, 'conn_tracker.c');
  cpSync(path.join(examples, 'conn_tracker.c'), tracker);
  return { folder: own, tracker, text: readFileSync(tracker, 'utf8') };
}

/** Runs a test with a server of its own, which must end cleanly afterwards. */
async function withServer(options: ClientOptions, use: (client: TestClient) => Promise<void>): Promise<void> {
  const client = await TestClient.start(options);
  try {
    await use(client);
  } finally {
    assert.equal(await client.stop(), 0);
  }
}

function needsClang(t: TestContext): boolean {
  if (clang === undefined) t.skip('no clang with a BPF target on this machine');
  return clang !== undefined;
}

function lineOf(text: string, needle: string): number {
  const line = text.split('\n').findIndex((one) => one.includes(needle));
  assert.ok(line >= 0, needle);
  return line;
}

const dereference = 'now - *start_time';
const lookup = 'bpf_map_lookup_elem(&start_times';
const fixed = (text: string): string =>
  text.replace(`ended.nanoseconds = ${dereference};`, `if (!start_time) break; ended.nanoseconds = ${dereference};`);

describe('a refused program', () => {
  it('shows one diagnostic on the dereference, with its class and the lookup; fixing and saving clears it', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('refused');
    await withServer(
      { folders: [own], trusted: true, findingsDocument: 'file:///docs/findings.md' },
      async (client) => {
        await client.open(tracker);
        const [one, ...others] = client.of(tracker);
        assert.ok(one);
        assert.deepEqual(others, []);
        const line = lineOf(text, dereference);
        assert.equal(one.range.start.line, line);
        const { start, end } = one.range;
        assert.equal(end.line, line);
        assert.match(text.split('\n')[line]!.slice(start.character, end.character), /\*start_time$/);
        assert.equal(one.severity, 1);
        assert.equal(one.source, 'eBPF');
        assert.match(JSON.stringify(one.message), /\[NULL\]/);
        assert.equal(one.codeDescription?.href, `file:///docs/findings.md#${String(one.code)}`);
        const related = one.relatedInformation?.map(({ location }) => location) ?? [];
        assert.ok(
          related.some(({ uri, range }) => uri === uriOf(tracker) && range.start.line === lineOf(text, lookup)),
        );
        const status = client.status(tracker);
        assert.ok(status?.state === 'refused');
        assert.equal(status.refused, 1);

        const hover = await client.hover(tracker, one.range.start);
        assert.match(JSON.stringify(hover?.contents), /NULL/);

        await client.save(tracker, fixed(text));
        assert.deepEqual(client.of(tracker), []);
        assert.equal(client.status(tracker)?.state, 'proved');
        assert.equal(await client.hover(tracker, one.range.start), null);
      },
    );
  });

  it('is verified on save only, not while typing', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('typing');
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      const count = client.published.length;
      await client.edit(tracker, fixed(text));
      await client.settled();
      assert.equal(client.published.length, count);
    });
  });

  it('offers the quick fix of its finding, which makes it provable', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('fix');
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      const [action] = await client.codeActions(tracker, client.of(tracker));
      if (!action) return t.skip('the verifier offers no fix for this finding');
      const [change] = action.edit?.documentChanges ?? [];
      assert.ok(change && 'edits' in change);
      const lines = text.split('\n');
      for (const edit of change.edits) {
        assert.ok('newText' in edit);
        const { start, end } = edit.range;
        assert.deepEqual(start, end);
        lines[start.line] =
          lines[start.line]!.slice(0, start.character) + edit.newText + lines[start.line]!.slice(start.character);
      }
      await client.save(tracker, lines.join('\n'));
      assert.equal(client.status(tracker)?.state, 'proved');
    });
  });

  it('is not analysed again when the object has the same bytes', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('same');
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      assert.deepEqual(client.states(tracker), ['compiling', 'verifying', 'refused']);
      const before = client.states(tracker).length;
      // Nothing after the last line reaches the object.
      await client.save(tracker, `${text}// the end\n`);
      assert.deepEqual(client.states(tracker).slice(before), ['compiling', 'refused']);
      assert.equal(client.of(tracker).length, 1);
    });
  });

  it('is cleared when its document closes', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker } = workspace('close');
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      assert.equal(client.of(tracker).length, 1);
      await client.close(tracker);
      assert.deepEqual(client.of(tracker), []);
      assert.equal(client.status(tracker)?.state, 'none');
    });
  });
});

describe('the compiler', () => {
  it('shows its errors, in headers too, and clears them', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('errors');
    const header = path.join(own, 'include', 'own.h');
    writeFileSync(header, 'struct broken { int a int b; };\n');
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      await client.save(tracker, text.replace('uint64_t now = ', 'uint64_t now = nope + '));
      const [one, ...others] = client.of(tracker);
      assert.deepEqual(others, []);
      assert.equal(one?.source, 'clang');
      assert.equal(one?.range.start.line, lineOf(text, 'uint64_t now ='));
      assert.match(JSON.stringify(one?.message), /undeclared identifier 'nope'/);
      assert.equal(client.status(tracker)?.state, 'compile-error');

      const included = `#include "include/own.h"\n${text}`;
      await client.save(tracker, included);
      assert.equal(client.of(header)[0]?.source, 'clang');
      assert.equal(client.of(header)[0]?.relatedInformation?.[0]?.location.uri, uriOf(tracker));

      // Repairing the header is noticed without saving the source.
      writeFileSync(header, 'struct repaired { int a; int b; };\n');
      await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uriOf(header), type: 2 }] });
      await client.settled();
      assert.deepEqual(client.of(header), []);
      assert.equal(client.status(tracker)?.state, 'refused');
    });
  });

  it('that is missing gives one diagnostic with a remedy', async () => {
    const { folder: own, tracker } = workspace('missing');
    const configuration = (): unknown => ({ clang: { path: '/nowhere/clang' } });
    await withServer({ folders: [own], trusted: true, configuration }, async (client) => {
      await client.open(tracker);
      const [one, ...others] = client.of(tracker);
      assert.deepEqual(others, []);
      assert.equal(one?.code, 'no-clang');
      assert.match(JSON.stringify(one?.message), /\/nowhere\/clang is not there.*ebpf\.clang\.path/s);
      assert.equal(client.status(tracker)?.state, 'no-clang');
    });
  });

  it('told to leave debug information out gives a diagnostic that says to put it back', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker } = workspace('lines');
    const hello = path.join(own, 'hello_bind.c');
    cpSync(path.join(examples, 'hello_bind.c'), hello);
    const configuration = (): unknown => ({ clang: { flags: ['-g0'] } });
    await withServer({ folders: [own], trusted: true, configuration }, async (client) => {
      // Without BTF nobody can tell what the maps are.
      await client.open(tracker);
      const [one, ...others] = client.of(tracker);
      assert.deepEqual(others, []);
      assert.equal(one?.code, 'no-btf');
      assert.match(JSON.stringify(one?.message), /-g/);

      // A program without maps is verified, only without lines.
      await client.open(hello);
      const missing = client.of(hello).find(({ code }) => code === 'no-line-info');
      assert.equal(missing?.severity, 2);
      assert.match(JSON.stringify(missing?.message), /-g/);
    });
  });

  it(
    'is stopped by a newer save',
    { skip: process.platform === 'win32' && 'the stand-in is a shell script' },
    async (t) => {
      if (!needsClang(t)) return;
      const { folder: own, tracker, text } = workspace('newer');
      const slow = path.join(own, 'slow');
      const standIn = path.join(own, 'clang');
      writeFileSync(standIn, `#!/bin/sh\nif [ -e '${slow}' ]; then exec sleep 60; fi\nexec '${clang}' "$@"\n`);
      chmodSync(standIn, 0o755);
      const configuration = (): unknown => ({ clang: { path: standIn } });
      await withServer({ folders: [own], trusted: true, configuration }, async (client) => {
        await client.open(tracker);
        assert.equal(client.of(tracker).length, 1);
        const count = client.published.length;

        writeFileSync(slow, '');
        await client.saveOnly(tracker, text.replace('uint64_t now = ', 'uint64_t now = nope + '));
        await new Promise((resolve) => setTimeout(resolve, 300));
        rmSync(slow);
        const start = performance.now();
        await client.save(tracker, fixed(text));
        assert.ok(performance.now() - start < 30_000);
        assert.deepEqual(client.of(tracker), []);
        // The older run published nothing.
        assert.deepEqual(client.published.slice(count), [{ uri: uriOf(tracker), count: 0 }]);
        assert.equal(client.status(tracker)?.state, 'proved');
      });
    },
  );
});

describe('a disassembly', () => {
  it('is of the object that was compiled last, also of a refused one, and costs no second run', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('disassembly');
    const uri = uriOf(tracker);
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      const states = client.states(tracker).length;
      const refused = await client.request('ebpf/disassembly', { uri });
      assert.ok('text' in refused);
      assert.match(refused.text, /^Program conn_tracker in section sockops:$/m);
      // Helper 11 is another one on Linux.
      assert.match(refused.text, /call 0x1\t; bpf_map_lookup_elem$/m);
      assert.match(refused.text, /call 0xb\t; bpf_ringbuf_output$/m);
      assert.match(refused.text, /^; conn_tracker\.c:\d+: .*now - \*start_time/m);
      assert.equal(client.states(tracker).length, states);

      await client.save(tracker, fixed(text));
      const repaired = await client.request('ebpf/disassembly', { uri });
      assert.ok('text' in repaired);
      assert.notEqual(repaired.text, refused.text);
    });
  });

  it('compiles a file that was not verified yet, for the platform of the settings', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker } = workspace('disassembly-idle');
    const configuration = (): unknown => ({ verifyOnOpen: false, platform: 'linux' });
    await withServer({ folders: [own], trusted: true, configuration }, async (client) => {
      await client.open(tracker);
      assert.deepEqual(client.states(tracker), ['idle']);
      const answer = await client.request('ebpf/disassembly', { uri: uriOf(tracker) });
      assert.ok('text' in answer);
      assert.match(answer.text, /call 0x9\t; bpf_skb_store_bytes$/m);
    });
  });

  it('that cannot be is answered with the reason, without compiling over and over', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('disassembly-error');
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      await client.save(tracker, `${text}\nint broken(;\n`);
      const states = client.states(tracker).length;
      const answer = await client.request('ebpf/disassembly', { uri: uriOf(tracker) });
      assert.ok('message' in answer);
      assert.match(answer.message, /does not compile/);
      assert.equal(client.states(tracker).length, states);
    });
  });
});

describe('an untrusted workspace', () => {
  it(
    'starts no program until trust is granted',
    { skip: process.platform === 'win32' && 'the stand-in is a shell script' },
    async (t) => {
      if (!needsClang(t)) return;
      const { folder: own, tracker } = workspace('untrusted');
      const ran = path.join(own, 'ran');
      const standIn = path.join(own, 'clang');
      writeFileSync(standIn, `#!/bin/sh\n: > '${ran}'\nexec '${clang}' "$@"\n`);
      chmodSync(standIn, 0o755);
      const configuration = (): unknown => ({ clang: { path: standIn } });
      await withServer({ folders: [own], configuration }, async (client) => {
        await client.open(tracker);
        assert.equal((await client.request('ebpf/verify', { uri: uriOf(tracker) })).state, 'untrusted');
        const told = await client.request('ebpf/disassembly', { uri: uriOf(tracker) });
        assert.ok('message' in told);
        assert.match(told.message, /not trusted/);
        assert.deepEqual(client.of(tracker), []);
        assert.ok(!existsSync(ran));

        await client.notify('ebpf/trust', { trusted: true });
        await client.settled();
        assert.ok(existsSync(ran));
        assert.equal(client.of(tracker).length, 1);
      });
    },
  );
});

describe('settings and flags', () => {
  it('turn verifying on open and on save off, and the command verifies all the same', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('off');
    const configuration = (): unknown => ({ verifyOnOpen: false, verifyOnSave: false });
    await withServer({ folders: [own], trusted: true, configuration }, async (client) => {
      await client.open(tracker);
      await client.save(tracker, text);
      assert.deepEqual(client.states(tracker), ['idle']);
      assert.equal((await client.request('ebpf/verify', { uri: uriOf(tracker) })).state, 'refused');
      assert.equal(client.of(tracker).length, 1);
    });
  });

  it('are those of the folder that holds the file', async (t) => {
    if (!needsClang(t)) return;
    const [one, two] = [workspace('first'), workspace('second')];
    const configuration = (uri: string): unknown =>
      uri.includes('/second/') ? { clang: { flags: ['-include', '${workspaceFolder}/fixed.h'] } } : {};
    const guarded = (text: string): string => text.replace('uint64_t now = ', 'uint64_t now = EXTRA + ');
    writeFileSync(path.join(two.folder, 'fixed.h'), '#define EXTRA 0\n');
    for (const { tracker, text } of [one, two]) writeFileSync(tracker, guarded(text));
    await withServer({ folders: [one.folder, two.folder], trusted: true, configuration }, async (client) => {
      await client.open(one.tracker);
      await client.open(two.tracker);
      assert.equal(client.status(one.tracker)?.state, 'compile-error');
      assert.equal(client.status(two.tracker)?.state, 'refused');
    });
  });

  it('of a wrong shape are told once', async () => {
    const { folder: own, tracker, text } = workspace('shape');
    const configuration = (): unknown => ({ clang: { path: '/nowhere/clang', flags: 'x' } });
    await withServer({ folders: [own], trusted: true, configuration }, async (client) => {
      await client.open(tracker);
      await client.save(tracker, text);
      assert.equal(client.shown.length, 1);
      assert.match(client.shown[0]!, /ebpf\.clang\.flags/);
    });
  });

  it('come from compile_commands.json too; one that is no JSON is a warning', async (t) => {
    if (!needsClang(t)) return;
    const { folder: own, tracker, text } = workspace('database');
    writeFileSync(tracker, text.replace('uint64_t now = ', 'uint64_t now = EXTRA + '));
    const database = path.join(own, 'compile_commands.json');
    const command = [
      {
        directory: own,
        file: 'conn_tracker.c',
        arguments: ['clang', '-target', 'bpf', '-DEXTRA=0', '-fplugin=/nowhere.so'],
      },
    ];
    writeFileSync(database, JSON.stringify(command));
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(tracker);
      assert.equal(client.status(tracker)?.state, 'refused');
      assert.ok(client.log.some((line) => line.includes('not taken') && line.includes('-fplugin=/nowhere.so')));

      writeFileSync(database, '{"not": "json');
      await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uriOf(database), type: 2 }] });
      await client.settled();
      assert.deepEqual(
        client
          .of(tracker)
          .map(({ code, severity }) => `${String(code)} ${severity}`)
          .sort(),
        ['compile-commands-not-json 2', 'undefined 1'],
      );
    });
  });
});

describe('other files', () => {
  it('that are no BPF programs are left alone', async () => {
    const own = path.join(folder, 'others');
    mkdirSync(own);
    const files = {
      'main.c': '#include <bpf/libbpf.h>\nint main(void) { return 0; }\n',
      'empty.c': '',
      'sec.h': '#define SEC(x)\nSEC("xdp") int f(void);\n',
    };
    await withServer({ folders: [own], trusted: true }, async (client) => {
      for (const [name, text] of Object.entries(files)) {
        const file = path.join(own, name);
        writeFileSync(file, text);
        await client.open(file);
        await client.save(file, text);
        assert.deepEqual(client.of(file), []);
        assert.ok(!client.states(file).includes('compiling'));
      }
    });
  });

  it('that become BPF programs are verified, and forgotten when they cease to be', async (t) => {
    if (!needsClang(t)) return;
    const own = path.join(folder, 'becomes');
    mkdirSync(own);
    const file = path.join(own, 'a.c');
    writeFileSync(file, 'int x;\n');
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(file);
      await client.save(file, '__attribute__((section("xdp"))) int f(void *c) { return nope; } // SEC("xdp")\n');
      assert.equal(client.status(file), undefined);
      await client.save(
        file,
        '#define SEC(n) __attribute__((section(n), used))\nSEC("xdp") int f(void *c) { return nope; }\n',
      );
      assert.equal(client.of(file).length, 1);
      await client.save(file, 'int x;\n');
      assert.deepEqual(client.of(file), []);
      assert.equal(client.status(file)?.state, 'none');
    });
  });

  it('with an unknown section give a clear diagnostic', async (t) => {
    if (!needsClang(t)) return;
    const own = path.join(folder, 'section');
    mkdirSync(own);
    const file = path.join(own, 'a.c');
    writeFileSync(
      file,
      '#define SEC(n) __attribute__((section(n), used))\nSEC("no_such_hook")\nint f(void *c)\n{\n    return 0;\n}\n',
    );
    await withServer({ folders: [own], trusted: true }, async (client) => {
      await client.open(file);
      const [one, ...others] = client.of(file);
      assert.deepEqual(others, []);
      assert.match(JSON.stringify(one), /no_such_hook/);
      assert.ok((one?.range.start.line ?? 0) >= 1);
    });
  });

  it('tell their programs', async () => {
    const { folder: own, tracker, text } = workspace('programs');
    await withServer({ folders: [own] }, async (client) => {
      await client.open(tracker);
      assert.deepEqual(await client.request('ebpf/programs', { uri: uriOf(tracker) }), [
        { name: 'conn_tracker', section: 'sockops', line: lineOf(text, 'int conn_tracker(') },
      ]);
      assert.deepEqual(await client.request('ebpf/programs', { uri: 'file:///nowhere.c' }), []);
    });
  });
});
