import type { HelperFunction } from '../machine';
import { CONTROL_HELPERS } from './control_helpers';
import type { HelperTable } from './helper_table';
import { MAP_HELPERS } from './map_helpers';
import { MEMORY_HELPERS } from './memory_helpers';
import { PACKET_HELPERS } from './packet_helpers';
import { PRINT_HELPERS } from './print_helpers';
import { RING_HELPERS } from './ring_helpers';
import { TASK_HELPERS } from './task_helpers';

const ALL: HelperTable = {
  ...MAP_HELPERS,
  ...RING_HELPERS,
  ...PRINT_HELPERS,
  ...TASK_HELPERS,
  ...MEMORY_HELPERS,
  ...PACKET_HELPERS,
  ...CONTROL_HELPERS,
};

/** How a helper of that name is modelled; undefined when it is not. */
export function findHelperFunction(name: string): HelperFunction | undefined {
  return Object.hasOwn(ALL, name) ? ALL[name] : undefined;
}

/** Names of all helpers that are modelled. */
export const MODELLED_HELPERS: readonly string[] = Object.keys(ALL).sort();
