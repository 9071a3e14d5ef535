import type { Helper, MapType, Platform, ProgramType } from '../platform';
import { grantedHelpers } from './allowed';
import { LINUX_BASE_HELPERS } from './helpers_base';
import { LINUX_NET_HELPERS } from './helpers_net';
import { LINUX_TRACING_HELPERS } from './helpers_tracing';
import { linuxMapTypes } from './map_types';
import { linuxProgramType, type LinuxProgramType } from './program_types';
import { linuxSection } from './sections';
import { LINUX_HELPER_VARIANTS } from './variants';

/** All helpers by id, in the form that most program types know. */
export const LINUX_HELPERS: ReadonlyMap<number, Helper> = new Map(
  [...LINUX_BASE_HELPERS, ...LINUX_TRACING_HELPERS, ...LINUX_NET_HELPERS]
    .sort((a, b) => a.id - b.id)
    .map((helper) => [helper.id, helper]),
);

const MAPS = linuxMapTypes(LINUX_HELPERS.values());

/** What a program type may call, worked out at the first question. */
const granted = new WeakMap<ProgramType, ReadonlyMap<string, string>>();

function grantsOf(type: ProgramType): ReadonlyMap<string, string> {
  let found = granted.get(type);
  if (found === undefined) {
    // A type that did not come from a section (by name, or copied between threads) has no attach type unless it brings one.
    const { attach = '', sleepable = false } = type as Partial<LinuxProgramType>;
    const known = linuxProgramType(type.name, attach, sleepable);
    found = known === undefined ? new Map() : grantedHelpers(known);
    granted.set(type, found);
  }
  return found;
}

/** The Linux kernel with libbpf: facts of 6.12. */
export const linux: Platform = {
  id: 'linux',

  programType(section: string): ProgramType | undefined {
    return linuxSection(section);
  },

  helper(id: number, type: ProgramType): Helper | undefined {
    const common = LINUX_HELPERS.get(id);
    if (common === undefined) return undefined;
    const group = grantsOf(type).get(common.name);
    if (group === undefined) return common;
    return LINUX_HELPER_VARIANTS[group]?.find((variant) => variant.id === id) ?? common;
  },

  allows(type: ProgramType, helper: Helper): boolean {
    return grantsOf(type).has(helper.name);
  },

  mapType(id: number): MapType | undefined {
    return MAPS.get(id);
  },
};
