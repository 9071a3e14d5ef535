import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { compileBpf } from '../../../tools/clang';

/**
 * Compiles a BPF source into `output`. Where clang or libbpf's headers are missing the answer is why, for `t.skip`; a source that does
 * not compile is a failure.
 */
export async function compileTo(source: string, output: string): Promise<{ file: string } | { skip: string }> {
  if (!existsSync('/usr/include/bpf/bpf_helpers.h'))
    return { skip: 'no <bpf/bpf_helpers.h>: libbpf-dev is not installed' };
  const result = await compileBpf({ source });
  if (result.outcome === 'missing') return { skip: result.remedy ?? 'no clang' };
  if (result.object === undefined) {
    throw new Error(`${source}: ${result.outcome}: ${result.diagnostics.map(({ message }) => message).join('; ')}`);
  }
  await writeFile(output, result.object);
  return { file: output };
}
