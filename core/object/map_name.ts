import type { MapDefinition } from './object';

/** BPF_OBJ_NAME_LEN without the NUL. */
const LONGEST = 15;

/** libbpf keeps so much room for the name of a global data section, even when the name is shorter. */
const ROOM = 7;

/**
 * What libbpf and the kernel call a map (tools/lib/bpf/libbpf.c, internal_map_name): `.bss` of `my_object_name` is `my_objec.bss`;
 * a section with a name of its own, `.data.hot`, stands alone.
 * @param object the object's name: its file name up to the first dot
 */
export function kernelMapName(map: Pick<MapDefinition, 'name' | 'origin'>, object: string): string {
  if (map.origin !== 'global') return map.name.slice(0, LONGEST);
  const room = Math.min(LONGEST, Math.max(ROOM, map.name.length));
  const prefix = map.name.includes('.', 1) ? '' : objectName(object).slice(0, LONGEST - room);
  return (prefix + map.name.slice(0, room)).replace(/[^A-Za-z0-9_.]/g, '_');
}

/** The name that libbpf gives an object file: no folder, nothing from the first dot, 15 characters. */
export function objectName(path: string): string {
  const base = path.split(/[/\\]/).at(-1) ?? '';
  return base.slice(0, LONGEST).replace(/\..*$/s, '');
}
