import { Errno } from '../errno';
import { EmulatedMap, Update, type Bytes, type MapEntry } from './map';

/** `queue` and `stack`: values without keys. kernel/bpf/queue_stack_maps.c */
export class QueueMap extends EmulatedMap {
  /** First in first; a queue gives from the front, a stack from the back. */
  private values: Uint8Array[] = [];
  private front = 0;

  override get count(): number {
    return this.values.length - this.front;
  }

  push(value: Bytes, flags: number): number {
    const replaces = (flags & Update.EXIST) !== 0;
    if (flags & Update.NOEXIST || flags > Update.EXIST || flags < 0) return -Errno.EINVAL;
    if (this.count >= this.definition.maxEntries) {
      if (!replaces) return -Errno.E2BIG;
      this.dropFront();
    }
    this.values.push(value.bytes.slice(value.at, value.at + this.definition.valueSize));
    return 0;
  }

  /** Copies the next value to `at` in the heap, which is zeroed when there is none. */
  peek(at: number, remove: boolean): number {
    const { bytes } = this.memory;
    if (this.count === 0) {
      bytes.fill(0, at, at + this.definition.valueSize);
      return -Errno.ENOENT;
    }
    const last = this.type === 'stack';
    bytes.set(last ? this.values[this.values.length - 1]! : this.values[this.front]!, at);
    if (remove) {
      if (last) this.values.pop();
      else this.dropFront();
    }
    return 0;
  }

  private dropFront(): void {
    this.front++;
    if (this.front > 32 && this.front * 2 > this.values.length) {
      this.values = this.values.slice(this.front);
      this.front = 0;
    }
  }

  override *entries(): Generator<MapEntry> {
    for (let at = this.front; at < this.values.length; at++)
      yield { key: new Uint8Array(0), values: [this.values[at]!.slice()] };
  }
}
