import { BtfKind } from '../../../../core/btf/kind';
import { BtfBuilder } from './builder';

/** A type table with every kind in it, and its dump as bpftool 7.1 prints it (held against the tool in raw_dump.test.ts where there is one). */
export function everyKind(little = true): Uint8Array {
  const b = new BtfBuilder(little);
  const int = b.int('int', 4, 1); // 1
  const pointer = b.pointer(int); // 2
  b.array(pointer, 7); // 3
  const point = b.struct('point', 8, [
    ['x', int, 0],
    ['y', int, 32],
  ]); // 4, prettier-ignore
  b.struct('bits', 4, [
    ['a', int, 0, 3],
    ['b', int, 3, 29],
  ]); // 5, prettier-ignore
  b.union('either', 8, [
    ['whole', point, 0],
    ['', int, 0],
  ]); // 6, prettier-ignore
  b.enumeration('colour', [
    ['RED', 0],
    ['BLUE', 0xffffffff],
  ]); // 7, prettier-ignore
  b.enumeration('sign', [['MINUS', -1]], 4, true); // 8
  b.entry(BtfKind.FWD, 'later', 0, true, 0); // 9
  b.entry(BtfKind.FWD, 'sooner', 0, false, 0); // 10
  b.link(BtfKind.TYPEDEF, point, 'point_t'); // 11
  b.link(BtfKind.VOLATILE, 11); // 12
  b.link(BtfKind.CONST, 12); // 13
  b.link(BtfKind.RESTRICT, pointer); // 14
  const prototype = b.prototype(0, [
    ['where', 2],
    ['', 0],
  ]); // 15, prettier-ignore
  const fn = b.entry(BtfKind.FUNC, 'work', 1, false, prototype); // 16
  const variable = b.entry(BtfKind.VAR, 'counter', 0, false, int, 2); // 17
  b.entry(BtfKind.DATASEC, '.data', 1, false, 4, variable, 0, 4); // 18
  b.entry(BtfKind.DATASEC, '.ksyms', 2, false, 0, fn, 0, 0, variable, 4, 4); // 19
  b.entry(BtfKind.FLOAT, 'double', 0, false, 8); // 20
  b.entry(BtfKind.DECL_TAG, 'mark', 0, false, fn, -1); // 21
  b.link(BtfKind.TYPE_TAG, int, 'user'); // 22
  b.enumeration64('wide', [['FAR', 0xffffffffffffffffn]]); // 23
  b.enumeration64('deep', [['DOWN', -5n]], true); // 24
  b.int('bool', 1, 4); // 25
  b.int('odd', 4, 3, 5, 2); // 26
  b.struct('', 0, []); // 27
  return b.bytes();
}

export const EVERY_KIND = `[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] PTR '(anon)' type_id=1
[3] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=7
[4] STRUCT 'point' size=8 vlen=2
	'x' type_id=1 bits_offset=0
	'y' type_id=1 bits_offset=32
[5] STRUCT 'bits' size=4 vlen=2
	'a' type_id=1 bits_offset=0 bitfield_size=3
	'b' type_id=1 bits_offset=3 bitfield_size=29
[6] UNION 'either' size=8 vlen=2
	'whole' type_id=4 bits_offset=0
	'(anon)' type_id=1 bits_offset=0
[7] ENUM 'colour' encoding=UNSIGNED size=4 vlen=2
	'RED' val=0
	'BLUE' val=4294967295
[8] ENUM 'sign' encoding=SIGNED size=4 vlen=1
	'MINUS' val=-1
[9] FWD 'later' fwd_kind=union
[10] FWD 'sooner' fwd_kind=struct
[11] TYPEDEF 'point_t' type_id=4
[12] VOLATILE '(anon)' type_id=11
[13] CONST '(anon)' type_id=12
[14] RESTRICT '(anon)' type_id=2
[15] FUNC_PROTO '(anon)' ret_type_id=0 vlen=2
	'where' type_id=2
	'(anon)' type_id=0
[16] FUNC 'work' type_id=15 linkage=global
[17] VAR 'counter' type_id=1, linkage=extern
[18] DATASEC '.data' size=4 vlen=1
	type_id=17 offset=0 size=4 (VAR 'counter')
[19] DATASEC '.ksyms' size=0 vlen=2
	type_id=16 offset=0 size=0 (FUNC 'work')
	type_id=17 offset=4 size=4 (VAR 'counter')
[20] FLOAT 'double' size=8
[21] DECL_TAG 'mark' type_id=16 component_idx=-1
[22] TYPE_TAG 'user' type_id=1
[23] ENUM64 'wide' encoding=UNSIGNED size=8 vlen=1
	'FAR' val=18446744073709551615ULL
[24] ENUM64 'deep' encoding=SIGNED size=8 vlen=1
	'DOWN' val=-5LL
[25] INT 'bool' size=1 bits_offset=0 nr_bits=8 encoding=BOOL
[26] INT 'odd' size=4 bits_offset=2 nr_bits=5 encoding=UNKN
[27] STRUCT '(anon)' size=0 vlen=0
`;
