import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Memory } from '../../../../core/emulator/memory';
import { makeMap } from '../../../../core/emulator/maps/make';
import { KeyedMap } from '../../../../core/emulator/maps/map';
import { QueueMap } from '../../../../core/emulator/maps/queue';
import { RingBuffer } from '../../../../core/emulator/maps/ring_buffer';
import { BoundedList, type OutputEvent } from '../../../../core/emulator/output';
import type { MapDefinition } from '../../../../core/object/object';
import { mapOf } from './fixture';

const [ENOENT, E2BIG, ENOMEM, EEXIST, EINVAL, ENOSPC] = [-2, -7, -12, -17, -22, -28];
const [ANY, NOEXIST, EXIST] = [0, 1, 2];

function make(type: string, more: Partial<MapDefinition> = {}, cpus = 2, limit = 1 << 24) {
  const memory = new Memory(true, limit);
  const events = new BoundedList<OutputEvent>(100, 1 << 16);
  const map = makeMap({ definition: mapOf(1, more), type, index: 0, memory, cpus, hasLock: false }, events, 0);
  return { memory, events, map };
}

function keyed(type: string, more: Partial<MapDefinition> = {}, limit = 1 << 24) {
  const made = make(type, more, 2, limit);
  assert.ok(made.map instanceof KeyedMap);
  const map: KeyedMap = made.map;
  const number = (value: number, size: number): { bytes: Uint8Array; at: number } => {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return { bytes, at: 0 };
  };
  return {
    map,
    memory: made.memory,
    put: (key: number, value: number, flags = ANY, cpu = 0) =>
      map.update(number(key, map.definition.keySize), number(value, map.definition.valueSize), flags, cpu),
    remove: (key: number) => map.delete(number(key, map.definition.keySize)),
    /** The values of all CPUs, undefined when the key is not there. */
    get: (key: number): number[] | undefined => {
      const element = map.find(number(key, map.definition.keySize));
      if (element < 0) return undefined;
      return map.entry(element).values.map((value) => new DataView(value.buffer).getUint32(0, true));
    },
    all: (): [number, number][] =>
      [...map.entries()].map(({ key, values }) => [
        new DataView(key.buffer).getUint32(0, true),
        new DataView(values[0]!.buffer).getUint32(0, true),
      ]),
  };
}

describe('hash maps', () => {
  it('answer as the kernel does', () => {
    const { put, get, remove } = keyed('hash', { maxEntries: 2 });
    assert.equal(get(1), undefined);
    assert.equal(put(1, 10, EXIST), ENOENT);
    assert.equal(put(1, 10, NOEXIST), 0);
    assert.equal(put(1, 11, NOEXIST), EEXIST);
    assert.equal(put(1, 12, EXIST), 0);
    assert.deepEqual(get(1), [12]);
    assert.equal(put(1, 12, 3), EINVAL);
    assert.equal(put(1, 12, 4), EINVAL);
    assert.equal(put(2, 20), 0);
    assert.equal(put(3, 30), E2BIG);
    assert.equal(put(2, 21), 0);
    assert.equal(remove(3), ENOENT);
    assert.equal(remove(1), 0);
    assert.equal(put(3, 30), 0);
  });

  it('agree with a Map over any sequence of operations', () => {
    const operation = fc.tuple(fc.constantFrom('put', 'new', 'old', 'remove'), fc.nat(12), fc.nat(1000));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), fc.constantFrom(1, 3, 8), (operations, maxEntries) => {
        const { put, get, remove, all, map } = keyed('hash', { maxEntries });
        const model = new Map<number, number>();
        for (const [what, key, value] of operations) {
          if (what === 'remove') {
            assert.equal(remove(key), model.delete(key) ? 0 : ENOENT);
            continue;
          }
          const flags = { put: ANY, new: NOEXIST, old: EXIST }[what];
          let expected = 0;
          if (model.has(key) && flags === NOEXIST) expected = EEXIST;
          else if (!model.has(key) && flags === EXIST) expected = ENOENT;
          else if (!model.has(key) && model.size >= maxEntries) expected = E2BIG;
          else model.set(key, value);
          assert.equal(put(key, value, flags), expected);
        }
        for (let key = 0; key <= 12; key++) assert.deepEqual(get(key), model.has(key) ? [model.get(key)] : undefined);
        assert.deepEqual(
          all().sort((a, b) => a[0] - b[0]),
          [...model].sort((a, b) => a[0] - b[0]),
        );
        assert.equal(map.count, model.size);
      }),
    );
  });

  it('hold many elements without touching more memory than they need', () => {
    const { put, get, map } = keyed('hash', { maxEntries: 1 << 30 });
    for (let key = 0; key < 20_000; key++) assert.equal(put(key * 7919, key), 0);
    for (let key = 0; key < 20_000; key += 97) assert.deepEqual(get(key * 7919), [key]);
    assert.equal(map.count, 20_000);
  });

  it('answer -ENOMEM when the memory is full, and stay whole', () => {
    const { put, get, map } = keyed('hash', { maxEntries: 1 << 20, valueSize: 4096 }, 1 << 20);
    let key = 0;
    while (put(key, key) === 0) key++;
    assert.ok(key > 50 && key < 300, `${key}`);
    assert.equal(put(key, 1), ENOMEM);
    assert.equal(get(key), undefined);
    assert.deepEqual(get(key - 1), [key - 1]);
    assert.equal(map.count, key);
  });
});

describe('LRU hash maps', () => {
  it('drop what was used longest ago', () => {
    const { put, get } = keyed('lru_hash', { maxEntries: 3 });
    for (const key of [1, 2, 3]) assert.equal(put(key, key), 0);
    get(1);
    put(2, 22);
    assert.equal(put(4, 4), 0);
    assert.equal(get(3), undefined);
    assert.deepEqual([get(1), get(2), get(4)], [[1], [22], [4]]);
    assert.equal(put(5, 5), 0);
    assert.equal(get(1), undefined);
  });

  it('agree with a list over any sequence of operations', () => {
    const operation = fc.tuple(fc.constantFrom('put', 'get', 'remove'), fc.nat(9));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), fc.constantFrom(1, 2, 5), (operations, maxEntries) => {
        const { put, get, remove } = keyed('lru_hash', { maxEntries });
        let model: number[] = [];
        for (const [what, key] of operations) {
          const there = model.includes(key);
          const others = model.filter((one) => one !== key);
          if (what === 'get') assert.equal(get(key) !== undefined, there);
          else if (what === 'put') assert.equal(put(key, 0), 0);
          else assert.equal(remove(key), there ? 0 : ENOENT);
          if (what === 'remove') model = others;
          else if (what === 'put' || there)
            model = [...others.slice(!there && model.length >= maxEntries ? 1 : 0), key];
        }
        assert.deepEqual(
          [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((key) => get(key)),
          [...model].sort((a, b) => a - b),
        );
      }),
    );
  });
});

describe('arrays', () => {
  it('answer as the kernel does', () => {
    const { put, get, remove } = keyed('array', { maxEntries: 3 });
    assert.deepEqual(get(2), [0]);
    assert.equal(get(3), undefined);
    assert.equal(put(2, 5), 0);
    assert.deepEqual(get(2), [5]);
    assert.equal(put(3, 5), E2BIG);
    assert.equal(put(1, 5, NOEXIST), EEXIST);
    assert.equal(put(1, 5, EXIST), 0);
    assert.equal(put(1, 5, 8), EINVAL);
    assert.equal(remove(1), EINVAL);
  });

  it('of billions of elements cost only what is touched', () => {
    const { put, get } = keyed('array', { maxEntries: 0xffffffff });
    assert.equal(put(0xfffffffe, 1), 0);
    assert.deepEqual(get(0xfffffffe), [1]);
    assert.deepEqual(get(0xfffffff0), [0]);
  });
});

describe('per-CPU maps', () => {
  for (const type of ['percpu_array', 'percpu_hash', 'lru_percpu_hash']) {
    it(`${type}: a program writes the value of its CPU`, () => {
      const { put, get } = keyed(type);
      assert.equal(put(1, 5, ANY, 0), 0);
      assert.deepEqual(get(1), [5, 0]);
      assert.equal(put(1, 7, ANY, 1), 0);
      assert.deepEqual(get(1), [5, 7]);
    });
  }

  it('a new element of a hash begins with zeros, also where an old one was', () => {
    const { put, get, remove } = keyed('percpu_hash', { maxEntries: 1 });
    put(1, 5, ANY, 1);
    remove(1);
    put(2, 6, ANY, 0);
    assert.deepEqual(get(2), [6, 0]);
  });
});

describe('prefix tries', () => {
  const prefix = (length: number, ...bytes: number[]) => {
    const key = new Uint8Array(8);
    new DataView(key.buffer).setUint32(0, length, true);
    key.set(bytes, 4);
    return { bytes: key, at: 0 };
  };
  const value = (number: number) => ({ bytes: Uint8Array.of(number, 0, 0, 0, 0, 0, 0, 0), at: 0 });

  it('find the longest prefix', () => {
    const { map } = make('lpm_trie', { keySize: 8, maxEntries: 4 });
    assert.ok(map instanceof KeyedMap);
    const found = (...bytes: number[]): number => {
      const element = map.find(prefix(32, ...bytes));
      return element < 0 ? -1 : map.entry(element).values[0]![0]!;
    };
    assert.equal(map.update(prefix(8, 10), value(1), ANY, 0), 0);
    assert.equal(map.update(prefix(16, 10, 1), value(2), ANY, 0), 0);
    assert.equal(map.update(prefix(23, 10, 1, 2), value(3), ANY, 0), 0);
    assert.equal(found(10, 9, 9, 9), 1);
    assert.equal(found(10, 1, 9, 9), 2);
    assert.equal(found(10, 1, 3, 9), 3);
    assert.equal(found(11, 1, 3, 9), -1);
    assert.equal(map.find(prefix(33, 10)), -1);
    assert.equal(map.update(prefix(33, 10), value(3), ANY, 0), EINVAL);
    assert.equal(map.update(prefix(0), value(4), EXIST, 0), ENOENT);
    assert.equal(map.update(prefix(0), value(4), NOEXIST, 0), 0);
    assert.equal(map.update(prefix(0), value(4), NOEXIST, 0), EEXIST);
    assert.equal(found(11, 1, 3, 9), 4);
    assert.equal(map.update(prefix(9, 1), value(5), ANY, 0), ENOSPC);
    assert.equal(map.delete(prefix(16, 10, 1)), 0);
    assert.equal(map.delete(prefix(16, 10, 1)), ENOENT);
    assert.equal(found(10, 1, 9, 9), 1);
  });
});

describe('queues and stacks', () => {
  for (const [type, order] of [
    ['queue', [1, 2]],
    ['stack', [2, 1]],
  ] as const) {
    it(type, () => {
      const { map, memory } = make(type, { keySize: 0, maxEntries: 2 });
      assert.ok(map instanceof QueueMap);
      const at = memory.allocate(8);
      const push = (number: number, flags = ANY): number =>
        map.push({ bytes: Uint8Array.of(number, 0, 0, 0, 0, 0, 0, 0), at: 0 }, flags);
      const pop = (): number => {
        const code = map.peek(at, true);
        return code === 0 ? memory.bytes[at]! : code;
      };
      memory.bytes[at] = 9;
      assert.equal(map.peek(at, false), ENOENT);
      assert.equal(memory.bytes[at], 0);
      assert.equal(push(1), 0);
      assert.equal(push(2), 0);
      assert.equal(push(3), E2BIG);
      assert.equal(push(3, NOEXIST), EINVAL);
      assert.equal(map.peek(at, false), 0);
      assert.equal(memory.bytes[at], order[0]);
      assert.deepEqual([pop(), pop(), pop()], [...order, ENOENT]);
      for (let i = 0; i < 200; i++) assert.equal(push(i & 127, EXIST), 0);
      assert.equal(map.count, 2);
    });
  }
});

describe('ring buffers', () => {
  it('hold as much as they have room for, records in order', () => {
    const { map, memory, events } = make('ringbuf', { maxEntries: 64 });
    assert.ok(map instanceof RingBuffer);
    const first = map.reserve(20)!;
    const second = map.reserve(8)!;
    assert.equal(map.pending, 32 + 16);
    assert.equal(map.reserve(9), undefined);
    assert.ok(map.reserve(8));
    memory.bytes[memory.heap(second)] = 2;
    assert.ok(map.release(second, true));
    // The first record still holds the ring up.
    assert.equal(map.reserve(8), undefined);
    assert.ok(map.release(first, false));
    assert.equal(map.pending, 16);
    assert.ok(!map.release(first, true));
    assert.deepEqual(
      events.items.map((event) => event.bytes[0]),
      [2],
    );
    assert.equal(map.output(new Uint8Array(57)), false);
  });

  it('release memory over a long run', () => {
    const { map, memory } = make('ringbuf', { maxEntries: 4096 });
    assert.ok(map instanceof RingBuffer);
    const addresses = new Set<bigint>();
    for (let i = 0; i < 5000; i++) {
      const region = map.reserve(100)!;
      addresses.add(memory.address(region));
      map.release(region, i % 2 === 0);
    }
    assert.ok(memory.regions.length < 100, `${memory.regions.length}`);
    assert.equal(addresses.size, 5000);
  });
});
