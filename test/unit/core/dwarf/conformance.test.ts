import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { compareInfo, compareLineLookups, compareLines, type Check } from '../../../conform/dwarfdump';
import { locals } from './locals';

const DWARFDUMP = 'llvm-dwarfdump-19';
const OBJDUMP = 'llvm-objdump-19';

/** What the tool prints, or undefined when it is not on this machine. */
function printed(tool: string, ...args: string[]): string | undefined {
  const { error, stdout } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return error ? undefined : stdout;
}

function agree(checks: readonly Check[], atLeast: number): void {
  for (const { place, theirs, ours } of checks) assert.equal(ours, theirs, place);
  assert.ok(checks.length >= atLeast, `only ${checks.length} compared`);
}

describe('debugging information as the LLVM tools read it', () => {
  for (const flags of [
    ['-gdwarf-3', '-O2'],
    ['-gdwarf-4', '-O0'],
    ['-gdwarf-4', '-O2'],
    ['-gdwarf-5', '-O0'],
    ['-gdwarf-5', '-O2'],
    ['-gdwarf-5', '-gdwarf64', '-O2'],
    ['-gdwarf-5', '-O2', '--target=bpfeb'],
  ]) {
    it(`${flags.join(' ')}: variables, locations, scopes, types and lines`, async (t) => {
      const read = await locals(...flags);
      if (typeof read === 'string') return t.skip(read);
      const folder = mkdtempSync(path.join(tmpdir(), 'ebpf-dwarf-'));
      try {
        const file = path.join(folder, 'locals.o');
        writeFileSync(file, read.bytes);
        const info = printed(DWARFDUMP, '-v', '--debug-info', file);
        const lines = printed(DWARFDUMP, '--debug-line', file);
        const code = printed(OBJDUMP, '-d', '-l', file);
        if (info === undefined || lines === undefined || code === undefined)
          return t.skip(`no ${DWARFDUMP} or ${OBJDUMP}`);
        agree(compareInfo(read.elf, read.dwarf, info), 40);
        agree(compareLines(read.dwarf, lines), 30);
        agree(compareLineLookups(read.elf, read.dwarf, code), 40);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
