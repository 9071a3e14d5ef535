/**
 * Weak topological order (Bourdoncle 1993): a nesting of components such that every cycle goes through the head of a component that
 * holds it. Worked on in this order, inner loops are stable before what follows them is looked at.
 */
export interface Order {
  /** Position of each node, -1 for nodes that cannot be reached. */
  readonly position: Int32Array;
  /** Nodes by position. */
  readonly nodes: Int32Array;
  /** 1 for heads of components. */
  readonly isHead: Uint8Array;
  /** Head of the innermost component that holds each node (a head belongs to its own), -1 if none. */
  readonly component: Int32Array;
  /** Head of the component around each head, -1 if none. */
  readonly parent: Int32Array;
  /** For a head: first position after its component. */
  readonly end: Int32Array;
}

type Edges = readonly (readonly number[])[];

/** @param successors by node; the order starts at node 0. O(edges · nesting depth). */
export function weakTopologicalOrder(successors: Edges): Order {
  const count = successors.length;
  const order: Order = {
    position: new Int32Array(count).fill(-1),
    nodes: new Int32Array(count).fill(-1),
    isHead: new Uint8Array(count),
    component: new Int32Array(count).fill(-1),
    parent: new Int32Array(count).fill(-1),
    end: new Int32Array(count),
  };
  const builder = new Builder(successors, order);
  if (count > 0) builder.arrange([0], -1);
  return order;
}

class Builder {
  private position = 0;
  private round = 0;
  /** The round in which a node is to be ordered next. */
  private readonly owner: Int32Array;
  private readonly index: Int32Array;
  private readonly low: Int32Array;

  constructor(
    private readonly successors: Edges,
    private readonly order: Order,
  ) {
    this.owner = new Int32Array(successors.length);
    this.index = new Int32Array(successors.length);
    this.low = new Int32Array(successors.length);
  }

  /** Orders what can be reached from `roots` inside the nodes that this round owns. Recursion is as deep as loops nest. */
  arrange(roots: readonly number[], within: number): void {
    const { order, successors } = this;
    const round = this.round;
    const components = this.stronglyConnected(roots, round);
    for (let k = components.length - 1; k >= 0; k--) {
      const nodes = components[k]!;
      const head = nodes[0]!;
      order.nodes[this.position] = head;
      order.position[head] = this.position++;
      order.component[head] = within;
      if (nodes.length === 1 && !successors[head]!.includes(head)) continue;
      order.isHead[head] = 1;
      order.component[head] = head;
      order.parent[head] = within;
      this.round++;
      for (const node of nodes) this.owner[node] = this.round;
      this.owner[head] = -1;
      const inner = this.round;
      this.arrange(
        successors[head]!.filter((to) => this.owner[to] === inner),
        head,
      );
      order.end[head] = this.position;
    }
  }

  /** Tarjan's components, callees first; each begins with the node that was reached first. */
  private stronglyConnected(roots: readonly number[], round: number): number[][] {
    const { successors, owner, index, low } = this;
    const found: number[][] = [];
    const open: number[] = [];
    const isOpen = new Set<number>();
    const path: { node: number; next: number }[] = [];
    let counter = 0;
    const visited = new Set<number>();
    const enter = (node: number): void => {
      visited.add(node);
      index[node] = low[node] = counter++;
      open.push(node);
      isOpen.add(node);
      path.push({ node, next: 0 });
    };
    for (const root of roots) {
      if (visited.has(root)) continue;
      enter(root);
      while (path.length > 0) {
        const top = path[path.length - 1]!;
        const to = successors[top.node]![top.next++];
        if (to !== undefined) {
          if (owner[to] !== round) continue;
          if (!visited.has(to)) enter(to);
          else if (isOpen.has(to)) low[top.node] = Math.min(low[top.node]!, index[to]!);
          continue;
        }
        path.pop();
        const parent = path[path.length - 1];
        if (parent) low[parent.node] = Math.min(low[parent.node]!, low[top.node]!);
        if (low[top.node] !== index[top.node]) continue;
        const start = open.lastIndexOf(top.node);
        const nodes = open.splice(start);
        for (const node of nodes) isOpen.delete(node);
        found.push(nodes);
      }
    }
    return found;
  }
}
