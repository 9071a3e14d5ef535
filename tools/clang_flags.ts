import { InputError } from '../core/input/error';

/**
 * Which of a build's clang options are taken over. Compilation databases come with the workspace, so they are hostile input: an option is
 * taken only when this file knows that it cannot load code into clang, start another program, or write a file. All others are dropped and
 * reported. Dropped on purpose: `-o`, `-c`, `-S`, `-E`, `-M*` (they write), `@file` (unseen options), `-fplugin`, `-fpass-plugin`,
 * `-load`, `-Xclang`, `-Xassembler`, `-cc1`, `--config` (they load), `-B`, `-fno-integrated-as`, `-fuse-ld`, `-wrapper` (they start),
 * `-Wa,` `-Wl,` `-Wp,` (pass anything on), `-mllvm` other than `-bpf-...` (`-mllvm -load=` loads).
 */
export interface TakenFlags {
  readonly flags: readonly string[];
  /** What was left out, for the log; not the source file and not `-c`, `-o`. */
  readonly dropped: readonly string[];
}

/** Options whose value may stand in the next word. They are written joined, so that clang cannot read them otherwise than we do. */
const preprocessor = ['-isystem', '-iquote', '-idirafter', '-include', '-imacros', '-isysroot', '-I', '-D', '-U'];
/** Options that take a value in the next word and are dropped together with it. */
const droppedPairs = new Set([
  ...[
    '-o',
    '--output',
    '-MF',
    '-MT',
    '-MQ',
    '-MJ',
    '-x',
    '-arch',
    '-include-pch',
    '-Xclang',
    '-Xassembler',
    '-Xlinker',
  ],
  ...[
    '-Xpreprocessor',
    '-Xanalyzer',
    '-mllvm',
    '-B',
    '-load',
    '-plugin',
    '-wrapper',
    '-aux-triple',
    '-triple',
    '-T',
    '-u',
    '-z',
    '-L',
  ],
  ...[
    '--config',
    '-specs',
    '-dumpdir',
    '-serialize-diagnostics',
    '--serialize-diagnostics',
    '-dependency-file',
    '-cxx-isystem',
  ],
  ...[
    '-index-store-path',
    '-working-directory',
    '-ccc-gcc-name',
    '-Xopenmp-target',
    '-main-file-name',
    '-framework',
    '-iframework',
  ],
  ...[
    '-iprefix',
    '-iwithprefix',
    '-iwithprefixbefore',
    '-isystem-after',
    '-ivfsoverlay',
    '-resource-dir',
    '-Xarch_host',
  ],
]);
/** Whole options, or beginnings of joined ones, that only change how C is read or how code is generated. */
const harmless = [
  /^-O[0-3sgz]?$/,
  /^-g(gdb|dwarf|dwarf-[2-5]|line-tables-only|[0-3])?$/,
  /^-std=[\w+:]+$/,
  /^-(ansi|pedantic|pedantic-errors|w|undef|nostdinc|nobuiltininc|nostdlibinc)$/,
  /^-W(?![alp],)[\w=+#-]*$/,
  /^-m(cpu|attr)=[\w.+,-]+$/,
  /^-m(alu32|no-alu32|dwarfris|no-dwarfris|little-endian|big-endian)$/,
  /^-f(no-)?(builtin|common|stack-protector|strict-aliasing|wrapv|unroll-loops|inline|inline-functions|jump-tables|short-enums|signed-char)$/,
  /^-f(no-)?(unsigned-char|omit-frame-pointer|asynchronous-unwind-tables|unwind-tables|exceptions|delete-null-pointer-checks|addrsig)$/,
  /^-f(no-)?(ms-extensions|gnu89-inline|freestanding|debug-types-section|discard-value-names|merge-all-constants|trapv|vectorize)$/,
  /^-f(no-)?(slp-vectorize|optimize-sibling-calls|ident|PIC|pic|data-sections|function-sections|visibility=\w+|debug-macro|gnu-keywords)$/,
  /^-fno-builtin-\w+$/,
  /^--sysroot=.+$/,
];

/**
 * Takes what a build passes to its compiler, for compiling the same source again for verification.
 *
 * @param words the command's arguments, without the compiler itself
 * @param isSource tells whether a word without a leading dash names the source
 * @param keep `preprocessor` takes only macros and include paths: for commands that compile the source for another machine
 */
export function takeFlags(
  words: readonly string[],
  isSource: (word: string) => boolean,
  keep: 'all' | 'preprocessor' = 'all',
): TakenFlags {
  const flags: string[] = [];
  const dropped: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '-c' || word === '' || isSource(word)) continue;
    if (word === '-o') {
      i++;
      continue;
    }
    const separate = preprocessor.find((option) => option === word);
    if (separate) {
      const value = words[++i] ?? '';
      // A value such as `-pch` would turn the joined form into another option.
      if (value !== '' && !value.startsWith('-')) flags.push(separate + value);
      else dropped.push(`${word} ${value}`);
      continue;
    }
    if (word === '--sysroot') {
      const value = words[++i] ?? '';
      if (value !== '' && keep === 'all') flags.push(`--sysroot=${value}`);
      continue;
    }
    if (word === '-mllvm' && keep === 'all' && /^-bpf-[\w=-]+$/.test(words[i + 1] ?? '')) {
      flags.push(word, words[++i]!);
      continue;
    }
    if (isTargetOption(word)) {
      if (!word.includes('=')) i++;
      continue;
    }
    if (preprocessor.some((option) => word.startsWith(option) && word[option.length] !== '-')) {
      flags.push(word);
    } else if (keep === 'all' && harmless.some((pattern) => pattern.test(word))) {
      flags.push(word);
    } else {
      const value = droppedPairs.has(word) ? words[++i] : undefined;
      dropped.push(value === undefined ? word : `${word} ${value}`);
    }
  }
  return { flags, dropped };
}

/** Whether a compiler command builds for BPF: `-target bpf`, `--target=bpfel`, or a gcc named for BPF such as `bpf-unknown-none-gcc`. */
export function targetsBpf(compiler: string, words: readonly string[]): boolean {
  const name = compiler.split(/[\\/]/).at(-1)!;
  let bpf = /^bpf(el|eb)?-[\w.-]*(gcc|clang|cc)/.test(name);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!isTargetOption(word)) continue;
    const triple = word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[++i] ?? '');
    bpf = /^bpf(el|eb)?($|-)/.test(triple);
  }
  return bpf;
}

function isTargetOption(word: string): boolean {
  return word === '-target' || word === '--target' || word.startsWith('--target=') || word.startsWith('-target=');
}

/** Refuses a user's own extra flags that would take over where the object goes; all others are the user's affair. */
export function checkUserFlags(flags: readonly string[]): void {
  for (const flag of flags) {
    if (flag === '-o' || flag === '-c' || flag === '-E' || flag === '-S') {
      throw new InputError(
        'flag-not-allowed',
        `the flag ${flag} cannot be set: the object is written to a private place and read back`,
      );
    }
  }
}
