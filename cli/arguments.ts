import { parseArgs } from 'node:util';
import type { PlatformId } from '../core/platform/platform';
import { UsageError } from './io';

/** `parseArgs` of node:util with options and positionals; wrong words are a {@link UsageError}. */
export function parseWords<const O extends NonNullable<ParseArgsConfig['options']>>(
  argv: readonly string[],
  options: O,
) {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options });
    // parseArgs has checked each value against its option's type.
    return { values: values as Words<O>['values'], positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws UsageError */
export function platformOption(value: string): 'auto' | PlatformId {
  if (value === 'auto' || value === 'linux' || value === 'windows') return value;
  throw new UsageError(`--platform ${value}: use auto, linux or windows`);
}
