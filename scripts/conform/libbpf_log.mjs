// What libbpf says while it opens and loads an object, through `bpftool -d prog loadall` in a bpf file system of its own.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
  return `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line.startsWith('libbpf: '))
    .map((line) => line.slice('libbpf: '.length).trimEnd());
}
