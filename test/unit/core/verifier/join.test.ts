import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode } from '../../../../core/isa/code';
import { LineTable } from '../../../../core/object/line_table';
import type { BpfObject, Program } from '../../../../core/object/object';
import { linux } from '../../../../core/platform/platforms';
import { Budget, Exhausted } from '../../../../core/verifier/budget';
import { buildCfg } from '../../../../core/verifier/cfg';
import { Engine } from '../../../../core/verifier/engine';
import { expand } from '../../../../core/verifier/graph';
import { renewPacket } from '../../../../core/verifier/link';
import { liveRegisters } from '../../../../core/verifier/liveness';
import { Machine } from '../../../../core/verifier/machine';
import { explorePaths } from '../../../../core/verifier/paths';
import { PACKET_SIZE, pack, setEntry, unpack } from '../../../../core/verifier/state';
import { thresholds } from '../../../../core/verifier/widen';
import { weakTopologicalOrder } from '../../../../core/verifier/wto';
import { slots } from '../elf/builder';
import { mapOf } from './assembler';
import { VALUE_SIZES, generateProgram } from './generator';

/** Every state that arrives at a node of a generated program, by node. */
function arrivals(seed: number): { engine: Engine; states: Map<number, Int32Array[]> } {
  const code = decode(slots(...generateProgram(seed)));
  const program: Program = {
    name: 'generated',
    section: 'xdp',
    code,
    functions: [
      { name: 'generated', section: 'xdp', sectionSlot: 0, start: 0, length: code.length, btfId: 0, global: true },
    ],
    lines: new LineTable([], [0]),
  };
  const object: BpfObject = {
    littleEndian: true,
    license: 'GPL',
    builtForWindows: false,
    programs: [program],
    maps: VALUE_SIZES.map((valueSize, index) => mapOf({ name: `map${index}`, type: index + 1, valueSize })),
    externs: [],
    btf: undefined,
  };
  const type = linux.programType('xdp')!;
  const m = new Machine(object, program, linux, type);
  const cfg = buildCfg(program, () => false);
  const graph = expand(cfg)!;
  const order = weakTopologicalOrder(graph.nodes.map((node) => node.successors));
  const live = liveRegisters(code, cfg, (id) => linux.helper(id, type)?.arguments.length ?? 5);
  const engine = new Engine(m, graph, order, live, thresholds(code, [...VALUE_SIZES]));
  const states = new Map<number, Int32Array[]>();
  const arrive = engine.arrive.bind(engine);
  engine.arrive = (node) => {
    const state = arrive(node);
    const list = states.get(node) ?? [];
    states.set(node, list);
    if (list.length < 6) list.push(state);
    return state;
  };
  setEntry(m.w, 0, 0);
  m.w[PACKET_SIZE] = 1;
  renewPacket(m.w, m.symbols);
  try {
    explorePaths(engine, new Budget(engine, 3000, undefined), pack(m.w), () => undefined);
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error;
  }
  return { engine, states };
}

describe('states', () => {
  it('a join, plain or widened, holds both of the states that it joins', () => {
    let joined = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const { engine, states } = arrivals(seed);
      for (const [node, list] of states) {
        for (const a of list) {
          for (const b of list) {
            for (const widening of [false, true]) {
              const j = engine.joiner.join(a, b, widening);
              assert.ok(j, 'same depth and references');
              assert.ok(engine.inclusion.holds(j, a), `seed ${seed}, node ${node}: the first`);
              assert.ok(engine.inclusion.holds(j, b), `seed ${seed}, node ${node}: the second`);
              joined++;
            }
          }
        }
      }
    }
    assert.ok(joined > 1000);
  });

  it('widening ends', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { engine, states } = arrivals(seed);
      for (const list of states.values()) {
        let state = list[0]!;
        let changes = 0;
        for (let round = 0; round < 40; round++) {
          for (const other of list) {
            if (engine.inclusion.holds(state, other)) continue;
            state = engine.joiner.join(state, other, true)!;
            changes++;
          }
        }
        assert.ok(changes < 40 * list.length, `seed ${seed}`);
        for (const other of list) assert.ok(engine.inclusion.holds(state, other));
      }
    }
  });

  it('every state holds itself, and survives packing', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { engine, states } = arrivals(seed);
      for (const list of states.values()) {
        for (const state of list) {
          assert.ok(engine.inclusion.holds(state, state));
          unpack(state, engine.m.w);
          assert.deepEqual(pack(engine.m.w), state);
        }
      }
    }
  });
});
