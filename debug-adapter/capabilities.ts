import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Handler } from './handler';
import { BREAKPOINTS } from './handlers/breakpoints';
import { EXECUTION } from './handlers/execution';
import { LIFECYCLE } from './handlers/lifecycle';
import { STACK } from './handlers/stack';
import { VALUES } from './handlers/values';

/** Every request that the adapter answers. */
export function handlers(): readonly Handler[] {
  return [...LIFECYCLE, ...BREAKPOINTS, ...EXECUTION, ...STACK, ...VALUES];
}

/** What the adapter announces: the union of what its handlers bring, so nothing without code behind it. */
export function capabilities(): DebugProtocol.Capabilities {
  return Object.assign({}, ...handlers().map(({ features }) => features)) as DebugProtocol.Capabilities;
}
