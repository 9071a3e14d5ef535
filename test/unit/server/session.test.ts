import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Diagnostic } from 'vscode-languageserver';
import { URI } from 'vscode-uri';
import { CompileCommands } from '../../../tools/compile_commands';
import { Pool } from '../../../server/pool';
import type { FileStatus } from '../../../server/protocol';
import { Publisher } from '../../../server/publisher';
import { VerifiedObjects } from '../../../server/run';
import { Session } from '../../../server/session';
import { defaultSettings } from '../../../server/settings';

/** Compiles by copying: the object is the source. `#error` fails, `slow` takes its time. */
const clang = `#!/bin/sh
case "$1" in --print-targets) echo "  bpf - BPF"; exit;; --version) echo stand-in; exit;; -v) exit;; esac
while [ $# -gt 0 ]; do
  case "$1" in -o) out=$2; shift;; -c) src=$2; shift;; -MF) dep=$2; shift;; esac
  shift
done
if grep -q slow "$src"; then sleep 0.05; fi
if grep -q '#error' "$src"; then echo "$src:1:1: error: stopped" >&2; exit 1; fi
cp "$src" "$out"
echo "x.o: $src" > "$dep"
`;

/** Refuses what holds \`bad\`, dies of \`crash\`, and takes its time for \`late\`. */
const worker = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ id, object, cancel }) => {
  const text = Buffer.from(object).toString();
  const flag = new Int32Array(cancel);
  if (text.includes('crash')) throw new Error('crash');
  for (let i = 0; text.includes('late') && i < 5; i++) {
    if (Atomics.load(flag, 0) !== 0) return parentPort.postMessage({ kind: 'cancelled', id });
    Atomics.wait(flag, 0, 0, 10);
  }
  const findings = text.includes('bad')
    ? [{ code: 'x', class: 'NULL', message: text, pc: 0, function: 'f', instruction: '', because: [] }]
    : [];
  const verdict = findings.length === 0 ? 'proved' : 'unproven';
  const report = { section: 'xdp', function: 'f', type: 'xdp', verdict, instructions: 1, stackBytes: 0, level: 'L0', findings };
  parentPort.postMessage({
    kind: 'verified', id,
    verification: { platform: 'linux', reports: [report], withoutLines: [], milliseconds: 1 },
  });
});
`;

const kinds = ['good', 'bad', '#error', 'crash', 'slow good', 'slow bad', 'late good', 'late bad', 'none'] as const;
type Kind = (typeof kinds)[number];

const skip = process.platform === 'win32' ? 'the stand-in for clang is a shell script' : false;

describe('Session', { skip }, () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ebpf-test-'));
    writeFileSync(path.join(folder, 'clang'), clang);
    chmodSync(path.join(folder, 'clang'), 0o755);
    writeFileSync(path.join(folder, 'worker.js'), worker);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** A session with two files, and what its client would show. */
  class Bench {
    readonly shown = new Map<string, readonly Diagnostic[]>();
    readonly statuses = new Map<string, FileStatus>();
    readonly texts = new Map<string, string>();
    readonly pool = new Pool({ script: path.join(folder, 'worker.js'), size: 1, patience: 500 });
    readonly session: Session;
    private count = 0;

    constructor(trusted: boolean) {
      const publisher = new Publisher((uri, diagnostics) => void this.shown.set(uri, diagnostics));
      this.session = new Session(
        {
          pool: this.pool,
          commands: new CompileCommands(),
          verified: new VerifiedObjects(),
          log: () => undefined,
          openText: (uri) => this.texts.get(uri),
          findingsDocument: undefined,
          now: () => 0,
        },
        publisher,
        {
          settings: () => Promise.resolve({ ...defaultSettings, clangPath: path.join(folder, 'clang') }),
          folderOf: () => folder,
          onStatus: (uri, status) => void this.statuses.set(uri, status),
        },
        trusted,
      );
    }

    uri(name: string): string {
      return URI.file(path.join(folder, name)).toString();
    }

    /** Writes other bytes each time, so that no verdict comes from before. */
    write(name: string, kind: Kind): void {
      const text =
        kind === 'none'
          ? 'int x;\n'
          : `SEC("xdp") int f; // ${kind} ${++this.count}\n`.replace('// #error', '\n#error');
      const commentsCount = text.replace('// ', 'int ');
      writeFileSync(path.join(folder, name), commentsCount);
      if (this.texts.has(this.uri(name))) this.texts.set(this.uri(name), commentsCount);
    }

    open(name: string): void {
      this.texts.set(this.uri(name), readFileSync(path.join(folder, name), 'utf8'));
      void this.session.opened(this.uri(name));
    }

    save(name: string, kind: Kind): void {
      this.write(name, kind);
      if (this.texts.has(this.uri(name))) void this.session.saved(this.uri(name));
    }

    close(name: string): void {
      if (this.texts.delete(this.uri(name))) this.session.closed(this.uri(name));
    }
  }

  const expected = (kind: Kind): { readonly state: FileStatus['state']; readonly diagnostics: number } => {
    if (kind === 'none') return { state: 'none', diagnostics: 0 };
    if (kind === '#error') return { state: 'compile-error', diagnostics: 1 };
    if (kind === 'crash') return { state: 'failed', diagnostics: 1 };
    return kind.endsWith('good') ? { state: 'proved', diagnostics: 0 } : { state: 'refused', diagnostics: 1 };
  };

  it('ends with what is on disk, whatever happened meanwhile', async () => {
    const names = ['a.c', 'b.c'] as const;
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('save' as const),
          name: fc.constantFrom(...names),
          kind: fc.constantFrom(...kinds),
        }),
      },
      fc.record({ do: fc.constant('open' as const), name: fc.constantFrom(...names) }),
      fc.record({ do: fc.constant('close' as const), name: fc.constantFrom(...names) }),
      fc.record({ do: fc.constantFrom('trust' as const, 'everything' as const, 'settings' as const) }),
      fc.record({ do: fc.constant('wait' as const), milliseconds: fc.integer({ min: 0, max: 40 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 10 }), async (trusted, steps) => {
        const bench = new Bench(trusted);
        const disk = new Map<string, Kind>();
        let isTrusted = trusted;
        try {
          for (const name of names) {
            bench.write(name, 'good');
            disk.set(name, 'good');
            bench.open(name);
          }
          for (const one of steps) {
            switch (one.do) {
              case 'save':
                disk.set(one.name, one.kind);
                bench.save(one.name, one.kind);
                break;
              case 'open':
                bench.open(one.name);
                break;
              case 'close':
                bench.close(one.name);
                break;
              case 'trust':
                isTrusted = true;
                void bench.session.trust();
                break;
              case 'everything':
                void bench.session.everythingChanged();
                break;
              case 'settings':
                void bench.session.settingsChanged();
                break;
              case 'wait':
                await new Promise((resolve) => setTimeout(resolve, one.milliseconds));
            }
          }
          await bench.session.idle();
          for (const name of names) {
            const uri = bench.uri(name);
            const open = bench.texts.has(uri);
            const kind = disk.get(name)!;
            const { state, diagnostics } = expected(open ? kind : 'none');
            const shown = bench.shown.get(uri) ?? [];
            const status = bench.statuses.get(uri)?.state ?? 'none';
            if (open && !isTrusted) {
              assert.equal(status, kind === 'none' ? 'none' : 'untrusted', name);
              assert.deepEqual(shown, []);
            } else {
              assert.equal(status, state, name);
              assert.equal(shown.length, diagnostics, name);
            }
          }
        } finally {
          bench.session.close();
          await bench.pool.close();
        }
      }),
      { numRuns: 25 },
    );
  });
});
