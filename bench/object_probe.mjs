// One measured process of bench/objects.mjs: opens an object, or a BTF file and one type of it, and says what it saw.
//   node object_probe.mjs object FILE | btf FILE TYPE
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [what, file, name] = process.argv.slice(2);
const start = performance.now();
const bytes = new Uint8Array(readFileSync(file));
if (what === 'object') {
  const { readObject } = require('../out/core/object/read.js');
  const object = readObject(bytes);
  const slots = object.programs.reduce((sum, program) => sum + program.code.length, 0);
  console.log(
    `${object.programs.length} programs, ${slots} linked slots, in ${(performance.now() - start).toFixed(1)} ms`,
  );
} else {
  const { readBtf } = require('../out/core/btf/read.js');
  const { BtfKind } = require('../out/core/btf/kind.js');
  const btf = readBtf(bytes);
  const id = btf.find(BtfKind.STRUCT, name);
  const type = btf.type(id);
  console.log(
    `${btf.count - 1} types; struct ${name} is type ${id} with ${type.members.length} members, in ${(performance.now() - start).toFixed(1)} ms`,
  );
}
