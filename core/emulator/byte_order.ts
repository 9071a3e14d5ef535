import type { Machine } from './machine';

/** Moves values between registers and heap bytes in the emulated machine's byte order. */
export const ByteOrder = {
  /** Loads 1, 2, 4 or 8 bytes at a heap position into register file position `d`. */
  load(machine: Machine, d: number, at: number, width: number, signed: boolean): void {
    const { file, memory } = machine;
    const { view, littleEndian } = memory;
    let low: number;
    let high = 0;
    switch (width) {
      case 1:
        low = signed ? view.getInt8(at) : view.getUint8(at);
        break;
      case 2:
        low = signed ? view.getInt16(at, littleEndian) : view.getUint16(at, littleEndian);
        break;
      case 4:
        low = view.getInt32(at, littleEndian);
        break;
      default:
        low = view.getInt32(littleEndian ? at : at + 4, littleEndian);
        high = view.getInt32(littleEndian ? at + 4 : at, littleEndian);
    }
    if (width < 8 && signed) high = low >> 31;
    file[d] = low;
    file[d + 1] = high;
  },

  /** Stores the low bytes of register file position `s` at a heap position. */
  store(machine: Machine, s: number, at: number, width: number): void {
    const { file, memory } = machine;
    const { view, littleEndian } = memory;
    switch (width) {
      case 1:
        return view.setInt8(at, file[s]!);
      case 2:
        return view.setInt16(at, file[s]!, littleEndian);
      case 4:
        return view.setInt32(at, file[s]!, littleEndian);
      default:
        view.setInt32(littleEndian ? at : at + 4, file[s]!, littleEndian);
        view.setInt32(littleEndian ? at + 4 : at, file[s + 1]!, littleEndian);
    }
  },
};
