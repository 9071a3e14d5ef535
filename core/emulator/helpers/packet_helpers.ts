import { Errno } from '../errno';
import type { Machine } from '../machine';
import type { Packet } from '../packet';
import { KeyedMap } from '../maps/map';
import { answer, high, low, mapOf, needContext, readable, size, value, writable } from './arguments';
import { addBytes, addWord, fold, replaceChecksum } from './checksum';
import type { HelperTable } from './helper_table';

function packetOf(machine: Machine, name: string): Packet {
  needContext(machine, name, 1);
  if (machine.packet === undefined) machine.haltUnmodelled(`${name} without a packet`, '');
  return machine.packet;
}

function adjust(machine: Machine, name: string, how: (packet: Packet, delta: number) => number): void {
  answer(machine, how(packetOf(machine, name), low(machine, 2)));
}

/** bpf_skb_load_bytes and bpf_xdp_load_bytes: from the packet into memory; on failure the memory is zeroed. */
function loadBytes(machine: Machine, name: string, clears: boolean): void {
  const packet = packetOf(machine, name);
  const bytes = size(machine, name, 4);
  const to = writable(machine, name, 3, bytes);
  const offset = low(machine, 2) >>> 0;
  const from = packet.at(offset, bytes);
  const memory = machine.memory.bytes;
  if (from < 0) {
    if (clears) memory.fill(0, to, to + bytes);
    return answer(machine, outside(name, offset, bytes));
  }
  memory.copyWithin(to, from, from + bytes);
  answer(machine, 0);
}

/** What reaching outside the packet answers: bpf_xdp_pointer tells absurd numbers from those that are only too large. */
function outside(name: string, offset: number, bytes: number): number {
  return name.startsWith('bpf_xdp') && offset <= 0xffff && bytes <= 0xffff ? -Errno.EINVAL : -Errno.EFAULT;
}

function storeBytes(machine: Machine, name: string): void {
  const packet = packetOf(machine, name);
  const bytes = size(machine, name, 4);
  const from = readable(machine, name, 3, bytes);
  const skb = name.startsWith('bpf_skb');
  // BPF_F_RECOMPUTE_CSUM and BPF_F_INVALIDATE_HASH.
  if (skb && (low(machine, 5) & ~3) !== 0) return answer(machine, -Errno.EINVAL);
  const offset = low(machine, 2) >>> 0;
  const to = packet.at(offset, bytes);
  if (to < 0) return answer(machine, outside(name, offset, bytes));
  machine.memory.bytes.copyWithin(to, from, from + bytes);
  if (skb) packet.move();
  answer(machine, 0);
}

/**
 * bpf_csum_diff, net/core/filter.c as since Linux 6.13: the checksum's change when `from` becomes `to`, folded to 16 bits. (Before, and on
 * Windows, sizes had to be multiples of 4, and Linux gave an unfolded sum whose form depended on the processor.)
 */
function checksumDifference(machine: Machine): void {
  const name = 'bpf_csum_diff';
  const fromSize = size(machine, name, 2);
  const toSize = size(machine, name, 4);
  const from = readable(machine, name, 1, fromSize);
  const to = readable(machine, name, 3, toSize);
  const { view, littleEndian } = machine.memory;
  let sum = addWord(0, low(machine, 5) >>> 0);
  sum = addWord(sum, ~addBytes(0, view, from, fromSize, littleEndian) >>> 0);
  sum = addBytes(sum, view, to, toSize, littleEndian);
  machine.setRegister(0, 0, fold(sum));
}

/** bpf_l3_csum_replace and bpf_l4_csum_replace: updates the 16-bit checksum at an offset of the packet. */
function replace(machine: Machine, name: string, level4: boolean): void {
  const packet = packetOf(machine, name);
  const flags = low(machine, 5);
  const width = flags & 15;
  // BPF_F_PSEUDO_HDR, BPF_F_MARK_MANGLED_0, BPF_F_MARK_ENFORCE.
  const allowed = level4 ? 0x7f : 0x0f;
  if ((flags & ~allowed) !== 0 || ![0, 2, 4].includes(width)) return answer(machine, -Errno.EINVAL);
  const offset = low(machine, 2);
  if ((offset & 1) !== 0) return answer(machine, -Errno.EFAULT);
  const at = packet.at(offset, 2);
  if (at < 0) return answer(machine, -Errno.EFAULT);
  const { view, littleEndian } = machine.memory;
  const stored = view.getUint16(at, littleEndian);
  const marks = level4 && (flags & 0x20) !== 0;
  if (marks && stored === 0 && (flags & 0x40) === 0) return answer(machine, 0);
  if (width === 0 && (low(machine, 3) | high(machine, 3)) !== 0) return answer(machine, -Errno.EINVAL);
  const mask = width === 2 ? 0xffff : 0xffffffff;
  const next = replaceChecksum(stored, (low(machine, 3) & mask) >>> 0, (low(machine, 4) & mask) >>> 0);
  view.setUint16(at, marks && next === 0 ? 0xffff : next, littleEndian);
  packet.move();
  answer(machine, 0);
}

/** bpf_redirect: XDP_REDIRECT for XDP, TC_ACT_REDIRECT for traffic control; net/core/filter.c */
function redirect(machine: Machine): void {
  const interfaceIndex = low(machine, 1) >>> 0;
  const flags = low(machine, 2);
  const xdp = machine.type?.name === 'xdp';
  if (xdp ? flags !== 0 : (flags & ~1) !== 0) return answer(machine, xdp ? 0 : 2);
  machine.redirect = `interface ${interfaceIndex}`;
  answer(machine, xdp ? 4 : 7);
}

/** bpf_redirect_map: XDP_REDIRECT when the map has the entry, else the action in the flags. */
function redirectMap(machine: Machine): void {
  const name = 'bpf_redirect_map';
  const map = mapOf(machine, name, 1);
  const flags = value(machine, 3);
  if ((flags & ~0x1bn) !== 0n) return answer(machine, 0);
  const key = new Uint8Array(Math.max(4, map.definition.keySize));
  new DataView(key.buffer).setUint32(0, low(machine, 2), machine.memory.littleEndian);
  const there = map instanceof KeyedMap && map.find({ bytes: key, at: 0 }) >= 0;
  if (!there && (flags & 8n) === 0n) return answer(machine, Number(flags & 3n));
  machine.redirect = `${map.name}[${low(machine, 2) >>> 0}]`;
  answer(machine, 4);
}

/** net/core/filter.c */
export const PACKET_HELPERS: HelperTable = {
  bpf_xdp_adjust_head: (machine) => adjust(machine, 'bpf_xdp_adjust_head', (packet, by) => packet.adjustHead(by)),
  bpf_xdp_adjust_tail: (machine) => adjust(machine, 'bpf_xdp_adjust_tail', (packet, by) => packet.adjustTail(by)),
  bpf_xdp_adjust_meta: (machine) => adjust(machine, 'bpf_xdp_adjust_meta', (packet, by) => packet.adjustMeta(by)),
  bpf_xdp_get_buff_len: (machine) => answer(machine, packetOf(machine, 'bpf_xdp_get_buff_len').length),
  bpf_xdp_load_bytes: (machine) => loadBytes(machine, 'bpf_xdp_load_bytes', false),
  bpf_xdp_store_bytes: (machine) => storeBytes(machine, 'bpf_xdp_store_bytes'),
  bpf_skb_load_bytes: (machine) => loadBytes(machine, 'bpf_skb_load_bytes', true),
  bpf_skb_store_bytes: (machine) => storeBytes(machine, 'bpf_skb_store_bytes'),
  bpf_skb_pull_data: (machine) => {
    const packet = packetOf(machine, 'bpf_skb_pull_data');
    if (low(machine, 2) >>> 0 > packet.length) return answer(machine, -Errno.ENOMEM);
    packet.move();
    answer(machine, 0);
  },
  bpf_csum_diff: checksumDifference,
  bpf_l3_csum_replace: (machine) => replace(machine, 'bpf_l3_csum_replace', false),
  bpf_l4_csum_replace: (machine) => replace(machine, 'bpf_l4_csum_replace', true),
  bpf_redirect: redirect,
  bpf_redirect_map: redirectMap,
};
