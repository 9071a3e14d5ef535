import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as vscode from 'vscode';
import { file, open } from './workspace';

/** Starts a task and gives its exit code. */
async function run(
  start: () => Thenable<unknown>,
): Promise<{ readonly code: number | undefined; readonly name: string }> {
  const ended = new Promise<{ code: number | undefined; name: string }>((resolve) => {
    const subscription = vscode.tasks.onDidEndTaskProcess(({ exitCode, execution }) => {
      subscription.dispose();
      resolve({ code: exitCode, name: execution.task.name });
    });
  });
  await start();
  return ended;
}

/** A shared object for this machine, or a library where there is no ELF. */
const kind = process.platform === 'win32' ? 'dll' : 'so';

describe('the native task', () => {
  const image = (): string => file(`linux/xdp_filter.${kind}`);
  afterEach(() => rmSync(image(), { force: true }));

  it('builds a native image beside the source, by command', async () => {
    await open('linux/xdp_filter.bpf.c');
    const { code } = await run(() => vscode.commands.executeCommand('ebpf.buildNative'));
    assert.equal(code, 0);
    const magic = [...readFileSync(image()).subarray(0, kind === 'so' ? 4 : 2)];
    assert.deepEqual(magic, kind === 'so' ? [0x7f, 0x45, 0x4c, 0x46] : [0x4d, 0x5a]);
  });

  it('is offered for open programs', async () => {
    await open('linux/xdp_filter.bpf.c');
    const tasks = await vscode.tasks.fetchTasks({ type: 'ebpf' });
    const task = tasks.find(
      ({ definition }) => definition['task'] === 'native' && definition['file'] === 'linux/xdp_filter.bpf.c',
    );
    assert.ok(task, tasks.map(({ name }) => name).join(', '));
    assert.deepEqual(task.problemMatchers, ['$ebpf', '$ebpf-file']);
    assert.equal((await run(() => vscode.tasks.executeTask(task))).code, 0);
    assert.ok(existsSync(image()));
  });

  it('works from tasks.json with variables', async () => {
    await open('linux/xdp_filter.bpf.c');
    const tasks = await vscode.tasks.fetchTasks();
    const task = tasks.find(({ definition, source }) => source === 'Workspace' && definition['file'] === '${file}');
    assert.ok(task, tasks.map(({ name, source }) => `${source}: ${name}`).join(', '));
    assert.equal((await run(() => vscode.tasks.executeTask(task))).code, 0);
    assert.ok(existsSync(image()));
  });

  it('writes nothing for a refused program, and ends with 1', async () => {
    await open('windows/conn_tracker.c');
    const { code } = await run(() => vscode.commands.executeCommand('ebpf.buildNative'));
    assert.equal(code, 1);
    assert.ok(!existsSync(file(`windows/conn_tracker.${kind}`)));
  });

  it('verifies alone with the task "check"', async () => {
    await open('linux/tc_missing_bounds.bpf.c');
    const tasks = await vscode.tasks.fetchTasks({ type: 'ebpf' });
    const task = tasks.find(
      ({ definition }) => definition['task'] === 'check' && definition['file'] === 'linux/tc_missing_bounds.bpf.c',
    );
    assert.ok(task, tasks.map(({ name }) => name).join(', '));
    assert.equal((await run(() => vscode.tasks.executeTask(task))).code, 1);
  });
});
