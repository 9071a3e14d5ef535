import type { Helper, MapType, Platform, ProgramType } from '../platform';
import { GENERAL_HELPERS, SUPPLIED_BY_EXTENSION, TYPE_HELPERS } from './helpers';
import { WINDOWS_MAP_TYPES } from './map_types';
import { WINDOWS_PROGRAM_TYPES, type WindowsAttachType, type WindowsProgramType } from './program_types';

/** Longest section prefix first, so that the first match is the answer. */
const SECTIONS = WINDOWS_PROGRAM_TYPES.flatMap((type) => type.attachTypes.map((attach) => ({ attach, type }))).sort(
  (a, b) => b.attach.section.length - a.attach.section.length,
);

const GENERAL = new Map(GENERAL_HELPERS.map((helper) => [helper.id, helper]));
const BY_TYPE = new Map(
  Object.entries(TYPE_HELPERS).map(([type, helpers]) => [type, new Map(helpers.map((helper) => [helper.id, helper]))]),
);
const MAPS = new Map(WINDOWS_MAP_TYPES.map((type) => [type.id, type]));

/** The program type and attach type of a section: the longest registered prefix that the name starts with. */
export function windowsSection(
  section: string,
): { readonly type: WindowsProgramType; readonly attach: WindowsAttachType } | undefined {
  return SECTIONS.find(({ attach }) => section.startsWith(attach.section));
}

/** eBPF for Windows. */
export const windows: Platform = {
  id: 'windows',

  programType(section: string): ProgramType | undefined {
    return windowsSection(section)?.type;
  },

  helper(id: number, type: ProgramType): Helper | undefined {
    return GENERAL.get(id) ?? BY_TYPE.get(type.name)?.get(id);
  },

  allows(type: ProgramType, helper: Helper): boolean {
    if (BY_TYPE.get(type.name)?.get(helper.id) === helper) return true;
    if (GENERAL.get(helper.id) !== helper) return false;
    const suppliers = SUPPLIED_BY_EXTENSION[helper.name];
    return suppliers === undefined || suppliers.includes(type.name);
  },

  mapType(id: number): MapType | undefined {
    return MAPS.get(id);
  },
};
