/**
 * Names that package.json contributes and code uses. No import of `vscode`, so that a unit test can hold both against each other;
 * the records keyed by these types make the compiler refuse a forgotten member.
 */

export const commandIds = [
  'ebpf.verify',
  'ebpf.buildNative',
  'ebpf.debug',
  'ebpf.showDisassembly',
  'ebpf.restartServer',
  'ebpf.showLog',
] as const;
export type CommandId = (typeof commandIds)[number];

/** Type of debug sessions and of tasks. */
export const debugType = 'ebpf';
export const taskType = 'ebpf';

/** Matchers of our tasks: one for findings on a line, one for files that cannot be used at all. */
export const problemMatchers = ['$ebpf', '$ebpf-file'] as const;

/** Language of disassemblies, and the scheme of the documents that show them. */
export const disassemblyLanguage = 'bpf-disassembly';
export const disassemblyScheme = 'ebpf-disassembly';

/** Set while the active editor shows a BPF program. */
export const bpfFileContext = 'ebpf.bpfFile';

/** The language client reads `<id>.trace.server`. */
export const clientId = 'ebpf';
