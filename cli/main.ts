import { InputError } from '../core/input/error';
import { check, checkUsage } from './check';
import { disasm, disasmUsage } from './disasm';
import { Exit, UsageError, type Io } from './io';
import { runWorker } from './jobs';
import { native, nativeUsage } from './native';
import { run, runUsage } from './run';

interface Command {
  readonly run: (argv: readonly string[], io: Io) => Promise<number>;
  readonly usage: string;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  check: { run: check, usage: checkUsage },
  native: { run: native, usage: nativeUsage },
  run: { run, usage: runUsage },
  disasm: { run: disasm, usage: disasmUsage },
};

const overview = `Usage: ebpf COMMAND …

  check PATH…      verify objects, C sources and folders
  native OBJECT    verify, then generate C and a native image
  run OBJECT       run a program on a packet in the emulator
  disasm OBJECT    print programs in llvm-objdump's syntax

ebpf COMMAND --help tells the options of a command.
`;

/** Runs one command line to its exit code. Bad input and bad usage are one line on stderr and exit code 2. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    if (name === undefined) io.err(overview);
    else io.out(overview);
    return name === undefined ? Exit.BAD : Exit.OK;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    io.err(`ebpf: there is no command ${name}; ebpf --help lists them\n`);
    return Exit.BAD;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.usage);
    return Exit.OK;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (error instanceof InputError) io.err(`ebpf ${name}: error ${error.code}: ${error.message}\n`);
    else if (error instanceof UsageError) io.err(`ebpf ${name}: ${error.message}; see ebpf ${name} --help\n`);
    else throw error;
    return Exit.BAD;
  }
}

/** A closed pipe (`| head`) is no failure of ours. */
function onBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(Exit.OK);
  throw error;
}

if (!runWorker()) {
  process.stdout.on('error', onBrokenPipe);
  const io: Io = { out: (text) => void process.stdout.write(text), err: (text) => void process.stderr.write(text) };
  void main(process.argv.slice(2), io).then((code) => {
    process.exitCode = code;
  });
}
