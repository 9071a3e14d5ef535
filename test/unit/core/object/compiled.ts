import path from 'node:path';
import { compileBpf } from '../../../../tools/clang';

/** The repository's root, seen from the compiled test. */
export const root = path.join(__dirname, '../../../../..');

/** Compiles a C file of the repository for BPF; a string says why that cannot be done here. */
export async function compiled(file: string, flags: readonly string[] = []): Promise<Uint8Array | string> {
  const result = await compileBpf({ source: path.join(root, file), flags });
  if (result.object) return result.object;
  if (result.outcome === 'missing') return 'no clang with a BPF target on this machine';
  const first = result.diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  const reason = first ? `${first.path}:${first.line}: ${first.message}` : result.outcome;
  if (first && /'(linux|bpf|asm)\/[^']*' file not found/.test(first.message)) return `headers are missing: ${reason}`;
  throw new Error(`${file} does not compile: ${reason}`);
}
