import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InputError } from '../core/input/error';
import { disassembleAt } from '../core/isa/disassemble';
import { functionAt, type BpfObject, type Program } from '../core/object/object';
import { linux } from '../core/platform/platforms';
import type { Finding, SourcePosition } from '../core/verifier/report';
import { findKernel, KernelSession, type LoadResult } from '../tools/bpftool';
import { classifyKernelMessage } from '../tools/kernel_class';
import type { KernelFinding } from '../tools/kernel_log';
import type { TimedReport } from './document';

/**
 * Asks the running kernel, which loads all programs of an object or stops at the first that it refuses; those behind that one are
 * *unproven*. Nothing is attached and nothing stays loaded.
 * @throws InputError `backend-unavailable`, `kernel-load` when the kernel never came to verify
 */
export async function kernelReports(bytes: Uint8Array, object: BpfObject): Promise<TimedReport[]> {
  const kernel = await findKernel();
  if (kernel.kind === 'refused')
    throw new InputError('backend-unavailable', `the kernel cannot be asked: ${kernel.reason}`);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-kernel-'));
  try {
    const file = path.join(folder, 'object.o');
    await writeFile(file, bytes);
    const start = performance.now();
    const load = await KernelSession.with(kernel.bpftool, (session) => session.load(file));
    if (load.error !== undefined)
      throw new InputError('kernel-load', `the kernel did not come to verify it: ${load.error}`);
    const milliseconds = Math.round((performance.now() - start) / Math.max(1, object.programs.length));
    return object.programs.map((program) => ({ ...kernelReport(program, load), milliseconds }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function kernelReport(program: Program, load: LoadResult): Omit<TimedReport, 'milliseconds'> {
  const log = load.programs.find((candidate) => candidate.program === program.name);
  const base = {
    section: program.section,
    function: program.name,
    type: linux.programType(program.section)?.name ?? 'unknown',
    instructions: program.code.length,
    stackBytes: stackDepth(log?.log ?? ''),
    level: 'L2',
  } as const;
  if (load.accepted || log?.accepted) return { ...base, verdict: 'proved', findings: [] };
  const finding: Finding = log?.finding ? kernelFinding(program, log.finding) : notReached(program);
  return { ...base, verdict: 'unproven', findings: [finding] };
}

/** The kernel counts instructions over the linked program, as we do. */
function kernelFinding(program: Program, said: KernelFinding): Finding {
  const slot = said.pc !== undefined && said.pc < program.code.length ? said.pc : 0;
  const fn = functionAt(program, slot);
  const source = sourceAt(program, slot, said);
  return {
    ...classifyKernelMessage(said.message),
    message: said.message,
    pc: slot - fn.start,
    function: fn.name,
    instruction: disassembleAt(program.code, slot),
    ...(source ? { source } : {}),
    because: [],
  };
}

function sourceAt(program: Program, slot: number, said: KernelFinding): SourcePosition | undefined {
  const record = program.lines.at(slot);
  if (record) return { path: record.path, line: record.line, column: record.column, text: record.text };
  const { path: file, line, text } = said.source ?? {};
  return file !== undefined && line !== undefined ? { path: file, line, column: 0, text: text ?? '' } : undefined;
}

function notReached(program: Program): Finding {
  return {
    code: 'kernel-not-reached',
    class: 'LOAD',
    message: 'the kernel refused another program of this object first and did not look at this one',
    pc: 0,
    function: program.name,
    instruction: disassembleAt(program.code, 0),
    because: [],
  };
}

/** `stack depth 32+16` for an entry and a subprogram. */
function stackDepth(log: string): number {
  const depths = /^stack depth ([\d+]+)/m.exec(log)?.[1]?.split('+').map(Number) ?? [];
  return depths.reduce((sum, depth) => sum + depth, 0);
}
