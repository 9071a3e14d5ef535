import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

const folder = mkdtempSync(path.join(tmpdir(), 'ebpf-node-tests-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Counted {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly lines: readonly string[];
}

/** Runs one made-up test file through the project's runner, in a process that is not itself a test of node:test. */
function count(name: string, body: string, timeout = 60_000): Counted {
  const file = path.join(folder, `${name}.test.cjs`);
  writeFileSync(file, `const { describe, it, after } = require('node:test');\n${body}\n`);
  const scripts = path.join(__dirname, '..', '..', '..', 'scripts');
  const module = (script: string): string => JSON.stringify(pathToFileURL(path.join(scripts, script)).href);
  const program = `
    const { runNodeTests } = await import(${module('node_tests.mjs')});
    const { Tally } = await import(${module('tally.mjs')});
    const lines = [];
    const tally = new Tally((line) => lines.push(line));
    await runNodeTests([${JSON.stringify(file)}], tally, { concurrency: 1, timeout: ${timeout} });
    console.log(JSON.stringify({ passed: tally.passed, failed: tally.failed, skipped: tally.skipped, lines }));`;
  const runner = path.join(folder, `${name}.mjs`);
  writeFileSync(runner, program);
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const printed = execFileSync(process.execPath, [runner], { encoding: 'utf8', env });
  return JSON.parse(printed) as Counted;
}

describe('counting what node:test reports', () => {
  it('counts tests and not their suites', () => {
    const { passed, failed, skipped } = count(
      'passing',
      `describe('a', () => { it('b', () => {}); it('c', () => {}); });`,
    );
    assert.deepEqual({ passed, failed, skipped }, { passed: 2, failed: 0, skipped: 0 });
  });

  it('names a failing test with its suites, its file and its own error', () => {
    const { failed, lines } = count(
      'failing',
      `describe('a', () => { it('b', () => { throw new Error('no luck'); }); });`,
    );
    assert.equal(failed, 1);
    assert.match(lines[0] ?? '', /^FAILED a › b \(.*failing\.test\.cjs\)$/);
    assert.match(lines[1] ?? '', /^ {4}Error: no luck/);
    assert.equal(lines.length, 2);
  });

  it('prints why a test was skipped', () => {
    const { skipped, lines } = count('skipping', `it('a', (t) => t.skip('no kernel here'));`);
    assert.equal(skipped, 1);
    assert.match(lines[0] ?? '', /^skipped a \(.*\): no kernel here$/);
  });

  it('counts a file that crashes while loading, with what it printed', () => {
    const { passed, failed, lines } = count('crashing', `throw new Error('cannot load');`);
    assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
    assert.match(lines.join('\n'), /Error: cannot load/);
  });

  it('counts a file that ends its process after a test has passed', () => {
    const { failed } = count('exiting', `it('a', () => {}); it('b', () => { process.exit(3); });`);
    assert.ok(failed > 0);
  });

  it('counts a file without tests as failed', () => {
    const { passed, failed } = count('empty', '');
    assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
  });

  it('counts a hook that fails after its tests have passed', () => {
    const { passed, failed, lines } = count(
      'hook',
      `describe('a', () => { after(() => { throw new Error('hook'); }); it('b', () => {}); });`,
    );
    assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
    assert.match(lines.join('\n'), /Error: hook/);
  });

  it('ends a file that takes too long, and says where it was', () => {
    const body = `it('quick', () => {}); it('endless', () => new Promise(() => { setInterval(() => {}, 1000); }));`;
    const { passed, failed, lines } = count('hanging', body, 2_000);
    assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
    assert.match(lines.join('\n'), /took too long, last in "endless"/);
  });

  it('ends what a test leaves running', { skip: process.platform === 'win32' && 'there are no process groups' }, () => {
    const pidFile = path.join(folder, 'pid');
    const start = `const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'inherit' });`;
    const keep = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid)); child.unref();`;
    assert.equal(count('leaving', `it('a', () => { ${start} ${keep} });`).passed, 1);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const state = (): string => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .charAt(0);
      } catch {
        return 'gone';
      }
    };
    if (process.platform === 'linux') assert.ok(['gone', 'Z', 'X'].includes(state()));
    else assert.throws(() => process.kill(pid, 0));
  });
});
