/**
 * Ethernet frames between 198.51.100.7 or 192.0.2.1 (which examples/linux/xdp_filter.bpf.c blocks) and 203.0.113.9, all addresses reserved
 * for documentation; checksums are right unless the name says otherwise.
 */
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

const TCP =
  '02005e00530202005e005301080045000028123440004006c257c6336407cb0071099c40005000000001000000005002faf0b21b0000';

export const PACKETS: Readonly<Record<string, Uint8Array>> = {
  'TCP SYN to port 80': hex(TCP),
  'TCP SYN to port 80 from the blocked sender': hex(
    '02005e00530202005e0053010800450000281234400040062a91c0000201cb0071099c40005000000001000000005002faf01a550000',
  ),
  'TCP SYN to port 23': hex(
    '02005e00530202005e005301080045000028123440004006c257c6336407cb0071099c40001700000001000000005002faf0b2540000',
  ),
  'TCP SYN with IPv4 options': hex(
    '02005e00530202005e005301080047000030123440004006' +
      '2a49c6336407cb00710901010101940400009c40005000000001000000005002faf0b21b0000',
  ),
  'UDP from port 5353': hex(
    '02005e00530202005e005301080045000021123440004011c253c6336407cb00710914e90035000d409f68656c6c6f',
  ),
  'UDP from port 0': hex(
    '02005e00530202005e005301080045000021123440004011c253c6336407cb00710900000035000d558868656c6c6f',
  ),
  'a wrong header checksum': hex(TCP.replace('c257', 'c357')),
  ARP: hex('ffffffffffff02005e00530108060001080006040001' + '02005e005301c6336407000000000000cb007109'),
  'TCP cut off inside its header': hex(TCP).slice(0, 14 + 20 + 13),
  'IPv4 cut off inside its header': hex(TCP).slice(0, 14 + 12),
  'an IPv4 header length below the least': hex(TCP.replace('08004500', '08004400')),
  'an IPv4 header longer than the packet': hex(TCP.replace('08004500', '08004f00')),
  'other bytes': Uint8Array.from({ length: 60 }, (_, i) => (i * 37) & 0xff),
};
