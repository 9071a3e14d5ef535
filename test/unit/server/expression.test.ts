import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { expressionAt } from '../../../server/expression';

/** The line with `^` before the place that the compiler points at, and the expression that should be marked. */
function check(marked: string, expected: string): void {
  const at = marked.indexOf('^');
  const line = marked.replace('^', '');
  const { start, end } = expressionAt(line, at);
  assert.equal(line.slice(start, end), expected, marked);
}

describe('expressionAt', () => {
  it('marks a dereference with its operand', () => {
    check('  ended.ns = now - ^*start_time;', '*start_time');
    check('  return ^*(__u32 *)(data + 4);', '*(__u32 *)(data + 4)');
    check('  x = ^*p->q[i];', '*p->q[i]');
    check('  ^*p = 1;', '*p');
    check('  x = ^**p;', '**p');
  });

  it('marks a member access from its base, where clang points at the member', () => {
    check('  if (ip->^protocol == 6)', 'ip->protocol');
    check('  x = a[i].b->^c + 1;', 'a[i].b->c');
    check('  x = get(a, b)->^c;', 'get(a, b)->c');
    check('  x = ((struct ip *)p)->^saddr;', '((struct ip *)p)->saddr');
    check('  p->^x->y = 1;', 'p->x');
  });

  it('marks calls with their arguments and arrays with their index', () => {
    check('  v = ^bpf_map_lookup_elem(&map, &key);', 'bpf_map_lookup_elem(&map, &key)');
    check('  v = s->^buffer[i & 7];', 's->buffer[i & 7]');
    check('  f(^a, b);', 'a');
    check('  v = call(1,^', 'v = call(1,');
    check('  v = ^call(1,', 'call(1,');
  });

  it('marks both sides of an operator', () => {
    check('  if (data + 14 ^> data_end)', 'data + 14 > data_end');
    check('  x = a->b ^+ c[i];', 'a->b + c[i]');
    check('  x = (a) ^- *p;', '(a) - *p');
    check('  x ^= a + b; y = 2;', 'x = a + b');
    check('  counts[i] ^+= 1;', 'counts[i] += 1');
  });

  it('knows how tightly operators bind', () => {
    check('  if (a != f(b) ^|| c->d != 1 && e)', 'a != f(b) || c->d != 1 && e');
    check('  x = a + b ^+ c * d + e;', 'a + b + c * d');
    check('  x = a + b ^* c + d;', 'b * c');
    check('  x = (void *)ip ^+ length;', '(void *)ip + length');
    check('  x = *p ^+ -q->r;', '*p + -q->r');
    check('  if (transport ^+ sizeof(struct tcphdr) > data_end)', 'transport + sizeof(struct tcphdr)');
  });

  it('marks increments with their operand', () => {
    check('  for (i = 0; i < n; i^++) {', 'i++');
    check('  sum += ^*word++;', '*word++');
    check('  ^++a->b;', '++a->b');
  });

  it('marks statements from their keyword', () => {
    check('  ^return a + b; // sum', 'return a + b');
    check('  ^if (a) b();', 'if (a)');
    check('  ^for (int i = 0; i < n; i++) {', 'for (int i = 0; i < n; i++)');
  });

  it('marks casts with what they cast', () => {
    check('  x = ^(__u64)ctx->data;', '(__u64)ctx->data');
    check('  x = ^(a + b);', '(a + b)');
  });

  it('marks the code of the line when the place is unknown', () => {
    const line = '    return x; // why';
    assert.deepEqual(expressionAt(line, -1), { start: 4, end: 13 });
    assert.deepEqual(expressionAt('  foo();', 99), { start: 2, end: 8 });
    assert.deepEqual(expressionAt('', 0), { start: 0, end: 0 });
  });

  it('reads strings, comments and characters outside ASCII as units', () => {
    check('  f(^"a;b)c");', '"a;b)c"');
    check('  /* é😀 */ x = ^größe->lang;', 'größe');
  });

  it('stays inside the line and is never empty where there is code', () => {
    const piece = fc.constantFrom(
      ...'( ) [ ] { } -> . * & + - = , ; a b if return 1 "x" /*'.split(' '),
      ' ',
      '\t',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: -1, max: 80 }), (pieces, at) => {
        const line = pieces.join('');
        const { start, end } = expressionAt(line, at);
        assert.ok(start >= 0 && start <= end && end <= line.length);
        if (/\w/.test(line.replace(/\/\*.*/, ''))) assert.ok(start < end);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no long time for hostile lines', () => {
    for (const piece of ['(', ')', 'a->', '*', 'a[', '].', '(a)', '- ', '(a)+', 'a+', '+a', '(a)*']) {
      const line = piece.repeat(Math.floor(8000 / piece.length));
      const before = performance.now();
      for (const at of [0, line.length >> 1, line.length - 1]) expressionAt(line, at);
      assert.ok(performance.now() - before < 2000, piece);
    }
  });
});
