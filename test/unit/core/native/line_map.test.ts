import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lineMapOf, linkedLinesOf } from '../../../../core/native/line_map';
import type { LineRecord } from '../../../../core/object/line_table';
import { generate, objectOf, programOf, type Slot } from './native_image';

const record = (slot: number, line: number, path = '/src/a.c'): LineRecord => ({
  slot,
  path,
  line,
  column: 1,
  text: '',
});

/** `r0 = 0` as often as wanted, then exit. */
const zeros = (count: number): Slot[] => [
  ...Array.from({ length: count }, (): Slot => [0xb7, 0, 0, 0, 0]),
  [0x95, 0, 0, 0, 0],
];

describe('lines read back from our own C', () => {
  it('gives every slot the line of its record, for the second program of a section too', () => {
    const first = programOf(zeros(3), { name: 'first', records: [record(0, 10), record(2, 12)] });
    const second = programOf(zeros(3), { name: 'second', records: [record(0, 20), record(1, 21), record(3, 23)] });
    const map = lineMapOf(generate(objectOf([first, second])));
    assert.deepEqual(
      map.functions.map((native) => [native.identifier, native.origin?.name, native.instructions.length]),
      [
        ['first', 'first', 4],
        ['second', 'second', 4],
      ],
    );
    const lines = linkedLinesOf(second, map);
    assert.deepEqual(
      [0, 1, 2, 3].map((slot) => lines.at(slot)?.line),
      [20, 21, 21, 23],
    );
    assert.deepEqual(
      [0, 1, 2, 3].map((slot) => lines.startsAt(slot)),
      [true, true, false, true],
    );
    assert.deepEqual(
      linkedLinesOf(first, map).linesIn(() => true),
      [10, 12],
    );
  });

  it('follows subprograms by section and slot, whatever they are called', () => {
    const slots: Slot[] = [[0x85, 0, 1, 0, 1], [0x95, 0, 0, 0, 0], [0x18, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]]; // prettier-ignore
    const functions = [
      { name: 'same', section: 'xdp', sectionSlot: 0, start: 0, length: 2, btfId: 0, global: true },
      { name: 'same', section: '.text', sectionSlot: 40, start: 2, length: 3, btfId: 0, global: false },
    ];
    const program = programOf(slots, {
      name: 'same',
      functions,
      records: [record(0, 5), record(2, 50), record(4, 51)],
    });
    const map = lineMapOf(generate(objectOf([program])));
    const lines = linkedLinesOf(program, map);
    // Both slots of the lddw belong to its line.
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((slot) => lines.at(slot)?.line),
      [5, 5, 50, 50, 51],
    );
    assert.deepEqual(
      lines.slotsOf(50, () => true),
      [2],
    );
    assert.deepEqual(
      lines.slotsOf(50, (path) => path !== '/src/a.c'),
      [],
    );
    assert.notEqual(map.functions[0]!.identifier, map.functions[1]!.identifier);
  });

  it('says nothing for slots without line info, and points at the statement in the C', () => {
    const program = programOf(zeros(1));
    const text = generate(objectOf([program]));
    const lines = linkedLinesOf(program, lineMapOf(text));
    assert.equal(lines.isEmpty, true);
    assert.equal(text.split('\n')[lines.generatedLineAt(0) - 1]!.trim(), 'r0 = IMMEDIATE(0);');
    assert.equal(text.split('\n')[lines.generatedLineAt(1) - 1]!.trim(), 'return r0;');
  });

  it('takes the first line for what comes before it, and skips records without file or line', () => {
    const program = programOf(zeros(3), { records: [record(1, 0), record(2, 7), record(3, 9, '')] });
    const lines = linkedLinesOf(program, lineMapOf(generate(objectOf([program]))));
    assert.deepEqual(
      [0, 1, 2, 3].map((slot) => lines.at(slot)?.line),
      [7, 7, 7, 7],
    );
  });

  it('gives back any path', () => {
    const path = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.string({ minLength: 1, unit: fc.constantFrom('"', '\\', '?', '/', ' ', '%', 'é', '\n', "'", '*', '??/') }),
    );
    fc.assert(
      fc.property(path, (name) => {
        // Control characters without an escape of their own cannot stand in a pragma.
        fc.pre([...name].every((character) => !isControl(character.codePointAt(0)!)));
        const program = programOf(zeros(1), { records: [record(0, 3, name)] });
        const lines = linkedLinesOf(program, lineMapOf(generate(objectOf([program]))));
        assert.deepEqual(lines.paths(), [name]);
      }),
    );
  });
});

function isControl(point: number): boolean {
  return (
    point < 7 || (point > 13 && point < 32) || (point >= 0x7f && point < 0xa0) || (point >= 0xd800 && point < 0xe000)
  );
}

/** As bpf2c's debug builds write it. */
const BPF2C = `
static uint64_t
Callee(uint64_t r1, uint64_t r2, const program_runtime_context_t* runtime_context);

static uint64_t
BindMonitor(void* context, const program_runtime_context_t* runtime_context)
#line 14 "sample\\\\bind.c"
{
#line 14 "sample\\\\bind.c"
    // Prologue
#line 14 "sample\\\\bind.c"
    register uint64_t r0 = 0;
    // EBPF_OP_MOV64_IMM pc=0 dst=r1 src=r0 offset=0 imm=0
#line 15 "sample\\\\bind.c"
    r1 = IMMEDIATE(0);
label_1:
    // EBPF_OP_LDDW pc=1 dst=r1 src=r1 offset=0 imm=4
#line 16 "sample\\\\bind.c"
    r1 = POINTER(runtime_context->map_data[0].address);
    // EBPF_OP_EXIT pc=3 dst=r0 src=r0 offset=0 imm=0
#line 17 "sample\\\\bind.c"
    return r0;
#line 17 "sample\\\\bind.c"
}
#pragma code_seg(pop)
#line __LINE__ __FILE__

static uint64_t
Callee(uint64_t r1, uint64_t r2, const program_runtime_context_t* runtime_context)
{
    // EBPF_OP_EXIT pc=0 dst=r0 src=r0 offset=0 imm=0
    return r0;
}
`;

describe('lines read back from C of bpf2c', () => {
  for (const [name, text] of [
    ['as it is', BPF2C],
    ['with CRLF', BPF2C.replaceAll('\n', '\r\n')],
  ] as const) {
    it(name, () => {
      const map = lineMapOf(text);
      assert.deepEqual(
        map.functions.map((native) => native.identifier),
        ['BindMonitor', 'Callee'],
      );
      const slots: Slot[] = [[0xb7, 1, 0, 0, 0], [0x18, 1, 5, 0, 0], [0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]]; // prettier-ignore
      const lines = linkedLinesOf(programOf(slots, { name: 'BindMonitor', section: 'bind' }), map);
      assert.deepEqual(
        [0, 1, 2, 3].map((slot) => lines.at(slot)),
        [15, 16, 16, 17].map((line) => ({ path: 'sample\\bind.c', line })),
      );
    });
  }

  it('keeps the presumed file after #line __LINE__ __FILE__, as compilers do', () => {
    const callee = lineMapOf(BPF2C).functions[1]!;
    assert.equal(callee.instructions[0]!.position?.path, 'sample\\bind.c');
  });

  it('takes quotes that were left unescaped', () => {
    const text = BPF2C.replaceAll('sample\\\\bind.c', 'od"d.c');
    assert.equal(lineMapOf(text).functions[0]!.instructions[0]!.position?.path, 'od"d.c');
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(...BPF2C.split('\n'), '// ebpf-function: {', '// ebpf-function: {"name":1}', '#line 99999999999 "x"', '}', '{', '\0'); // prettier-ignore
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (lines) => {
        for (const native of lineMapOf(lines.join('\n')).functions) assert.ok(native.lastLine >= native.firstLine);
      }),
    );
  });
});
