import {
  defineHelper,
  fixed,
  fixedInOut,
  fixedOut,
  inOut,
  inOutOrNull,
  type ArgumentRow,
  type HelperFlag,
} from '../define';
import type { Helper, ReturnKind } from '../platform';

export { fixed, fixedInOut, fixedOut, inOut, inOutOrNull };

/** A row of a Linux helper table; the name is written without `bpf_`. */
export function linuxHelper(
  id: number,
  name: string,
  prototype: string,
  args: readonly ArgumentRow[],
  returns: ReturnKind,
  flags: readonly HelperFlag[] = [],
): Helper {
  return defineHelper(id, `bpf_${name}`, prototype, args, returns, flags, 'Linux 6.12, bpf_func_proto');
}
