import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { weakTopologicalOrder, type Order } from '../../../../core/verifier/wto';

const graph = fc
  .integer({ min: 1, max: 24 })
  .chain((count) => fc.array(fc.array(fc.nat(count - 1), { maxLength: 3 }), { minLength: count, maxLength: count }));

function reachable(edges: readonly (readonly number[])[]): Set<number> {
  const seen = new Set([0]);
  const pending = [0];
  while (pending.length > 0)
    for (const to of edges[pending.pop()!]!) {
      if (seen.has(to)) continue;
      seen.add(to);
      pending.push(to);
    }
  return seen;
}

/** Heads of the components that hold a node, innermost first. */
function around(order: Order, node: number): number[] {
  const heads: number[] = [];
  for (let head = order.component[node]!; head >= 0; head = order.parent[head]!) heads.push(head);
  return heads;
}

describe('weak topological order', () => {
  it('places every reachable node once, and no other', () => {
    fc.assert(
      fc.property(graph, (edges) => {
        const order = weakTopologicalOrder(edges);
        const placed = [...order.nodes].filter((node) => node >= 0);
        assert.deepEqual(
          [...placed].sort((a, b) => a - b),
          [...reachable(edges)].sort((a, b) => a - b),
        );
        placed.forEach((node, position) => assert.equal(order.position[node], position));
      }),
    );
  });

  it('has only edges that go forward, or back to the head of a component around them', () => {
    fc.assert(
      fc.property(graph, (edges) => {
        const order = weakTopologicalOrder(edges);
        for (const from of reachable(edges)) {
          for (const to of edges[from]!) {
            if (order.position[to]! > order.position[from]!) continue;
            assert.equal(order.isHead[to], 1);
            assert.ok(around(order, from).includes(to), `${from} -> ${to}`);
          }
        }
      }),
    );
  });

  it('keeps components together', () => {
    fc.assert(
      fc.property(graph, (edges) => {
        const order = weakTopologicalOrder(edges);
        for (const node of reachable(edges)) {
          for (const head of around(order, node)) {
            const position = order.position[node]!;
            assert.ok(position >= order.position[head]! && position < order.end[head]!);
          }
        }
      }),
    );
  });
});
