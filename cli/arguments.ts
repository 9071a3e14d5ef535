import { parseArgs } from 'node:util';
import type { PlatformId } from '../core/platform/platform';
import { UsageError } from './io';

interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly default?: string | boolean;
}

/** What an option holds: text or a flag, undefined when it was not given and has no default. */
type ValueOf<O extends Option> =
  (O['type'] extends 'string' ? string : boolean) | (O extends { readonly default: unknown } ? never : undefined);

export interface Words<O extends Readonly<Record<string, Option>>> {
  readonly values: { readonly [K in keyof O]: ValueOf<O[K]> };
  readonly positionals: readonly string[];
}

/** `parseArgs` of node:util with options and positionals. @throws UsageError for wrong words */
export function parseWords<const O extends Readonly<Record<string, Option>>>(
  argv: readonly string[],
  options: O,
): Words<O> {
  try {
    const words: unknown = parseArgs({ args: [...argv], allowPositionals: true, options });
    // parseArgs has checked each value against its option's type.
    return words as Words<O>;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws UsageError */
export function platformOption(value: string): 'auto' | PlatformId {
  if (value === 'auto' || value === 'linux' || value === 'windows') return value;
  throw new UsageError(`--platform ${value}: use auto, linux or windows`);
}
