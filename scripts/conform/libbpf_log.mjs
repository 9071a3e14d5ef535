// What libbpf says while it opens and loads an object, through `bpftool -d prog loadall` in a bpf file system of its own.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root, temporaryFolder } from '../files.mjs';
import { must, run } from '../run.mjs';

/**
 * Runs `work` with a directory that is a fresh bpf file system, and unmounts it afterwards.
 * @template T
 * @param {(folder: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withBpfFileSystem(work) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ebpf-conform-'));
  try {
    await must('mount', ['-t', 'bpf', 'ebpf', folder], { capture: true });
    try {
      return await work(folder);
    } finally {
      await must('umount', [folder], { capture: true });
    }
  } finally {
    rmdirSync(folder);
  }
}

/**
 * libbpf's messages for one object, line by line without the leading `libbpf: `. Programs are loaded, pinned, never attached.
 * @param {string} object
 * @param {string} folder a directory in a bpf file system that does not exist yet
 * @returns {Promise<string[]>}
 */
export async function libbpfLog(object, folder) {
  const args = ['-d', 'prog', 'loadall', object, folder];
  const { stdout, stderr } = await run('bpftool', args, { capture: true, timeout: 60_000 });
  return messagesIn(`${stdout}\n${stderr}`);
}

/**
 * The kernel's CO-RE selftests: each `test_core_reloc_X.o` against the types of every `btf__core_reloc_X*.o` beside it.
 * @param {readonly string[]} objects
 * @returns {Promise<{ object: string, target: string, log: string[] }[]>} empty when there are none, or no libbpf to build with
 */
export async function libbpfLogsOfPairs(objects) {
  const { folder, remove } = temporaryFolder('conform');
  try {
    const program = path.join(folder, 'load_against');
    const source = path.join(root, 'scripts', 'conform', 'load_against.c');
    const built = await run('cc', ['-O1', '-o', program, source, '-lbpf'], { capture: true }).catch(() => undefined);
    if (built?.code !== 0) return [];
    const logs = [];
    for (const object of objects) {
      const name = /^test_core_reloc_(\w+?)(_direct|_probed)?\.o$/.exec(path.basename(object))?.[1];
      if (name === undefined) continue;
      const isTarget = new RegExp(`^btf__core_reloc_${name}(__\\w+)?\\.o$`);
      for (const target of objects) {
        if (path.dirname(target) !== path.dirname(object) || !isTarget.test(path.basename(target))) continue;
        const { stdout } = await run(program, [object, target], { capture: true, timeout: 60_000 });
        logs.push({ object, target, log: messagesIn(stdout) });
      }
    }
    return logs;
  } finally {
    remove();
  }
}

/** @param {string} output */
function messagesIn(output) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('libbpf: '))
    .map((line) => line.slice('libbpf: '.length).trimEnd());
}
