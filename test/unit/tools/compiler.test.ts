import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildImage, compilerRemedy, findCompiler, imageFlags, writeWhole } from '../../../tools/compiler';

/** A folder with a program that stands for a compiler. */
async function fake(folder: string, name: string, script: string): Promise<string> {
  const program = path.join(folder, name);
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  return program;
}

const windows = process.platform === 'win32' && 'shell scripts stand in for compilers';

describe('finding a compiler', () => {
  let folder: string;
  const PATH = process.env['PATH'];
  before(async () => {
    delete process.env['EBPF_CC'];
    folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-compiler-'));
  });
  after(async () => {
    process.env['PATH'] = PATH;
    await rm(folder, { recursive: true, force: true });
  });

  it(
    'takes plain names before numbered ones, of those the newest, and passes over what does not answer',
    { skip: windows },
    async () => {
      process.env['PATH'] = folder;
      try {
        await fake(folder, 'gcc-9', 'echo nine');
        await fake(folder, 'clang-19', 'echo nineteen');
        await fake(folder, 'gcc-ar', 'echo no compiler');
        const numbered = await findCompiler('so');
        assert.deepEqual(numbered, {
          kind: 'found',
          compiler: { path: path.join(folder, 'clang-19'), version: 'nineteen' },
        });
        await fake(folder, 'gcc', 'echo plain');
        await fake(folder, 'cc', 'exit 1');
        const plain = await findCompiler('so');
        assert.equal(plain.kind === 'found' && plain.compiler.version, 'plain');
        const other = await findCompiler('dll');
        assert.deepEqual(other, { kind: 'missing', tried: [], remedy: compilerRemedy('dll') });
        await fake(folder, 'x86_64-w64-mingw32-gcc', 'echo mingw');
        const mingw = await findCompiler('dll');
        assert.equal(mingw.kind === 'found' && mingw.compiler.version, 'mingw');
      } finally {
        process.env['PATH'] = PATH;
      }
    },
  );

  it('takes a named compiler alone', { skip: windows }, async () => {
    const program = await fake(folder, 'mine', 'echo mine');
    const search = await findCompiler('so', program);
    assert.equal(search.kind === 'found' && search.compiler.path, program);
    process.env['EBPF_CC'] = program;
    try {
      const stood = await findCompiler('so');
      assert.equal(stood.kind === 'found' && stood.compiler.version, 'mine');
    } finally {
      delete process.env['EBPF_CC'];
    }
    const missing = await findCompiler('so', path.join(folder, 'nothing'));
    assert.equal(missing.kind, 'missing');
    assert.deepEqual(missing.kind === 'missing' && missing.tried, [path.join(folder, 'nothing')]);
  });

  it('names a remedy for each system', () => {
    assert.match(compilerRemedy('so', 'linux'), /apt-get install gcc/);
    assert.match(compilerRemedy('so', 'darwin'), /xcode-select/);
    assert.match(compilerRemedy('so', 'win32'), /WSL/);
    assert.match(compilerRemedy('dll', 'linux'), /mingw/i);
  });
});

describe('building an image', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ebpf-compiler-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const request = (compiler: string, output: string) => ({
    text: 'int answer(void) { return 42; }\n',
    fileName: 'answer.c',
    image: 'so' as const,
    output,
    compiler: { path: compiler, version: '' },
  });

  it('builds the same bytes twice', async (t) => {
    const search = await findCompiler('so');
    if (search.kind === 'missing') return t.skip(search.remedy);
    const images = [];
    for (const name of ['one', 'two']) {
      const output = path.join(folder, name, 'image.so');
      const result = await buildImage(request(search.compiler.path, output));
      assert.equal(result.outcome, 'built', result.log);
      images.push(await readFile(output));
      assert.deepEqual(await readdir(path.dirname(output)), ['image.so']);
    }
    assert.deepEqual(images[0], images[1]);
  });

  it('reports what the compiler says and leaves the old image alone', async (t) => {
    const search = await findCompiler('so');
    if (search.kind === 'missing') return t.skip(search.remedy);
    const output = path.join(folder, 'old', 'image.so');
    await writeWhole(output, 'old');
    const text = '#line 7 "/src/program.c"\nint broken(void) { return nothing; }\n';
    const result = await buildImage({ ...request(search.compiler.path, output), text });
    assert.equal(result.outcome, 'failed');
    const error = result.diagnostics.find((diagnostic) => diagnostic.severity === 'error');
    assert.deepEqual([error?.path, error?.line], ['/src/program.c', 7]);
    assert.match(error!.message, /nothing/);
    assert.equal(await readFile(output, 'utf8'), 'old');
    assert.deepEqual(await readdir(path.dirname(output)), ['image.so']);
  });

  it('stops when it is cancelled, and nothing half-written stays', { skip: windows }, async () => {
    const began = path.join(folder, 'began');
    const slow = await fake(
      folder,
      'slow',
      `for last; do :; done\nhere=$(pwd)\necho half > image\necho "$here" > '${began}'\nexec sleep 30`,
    );
    const output = path.join(folder, 'cancelled', 'image.so');
    const controller = new AbortController();
    const building = buildImage({ ...request(slow, output), signal: controller.signal });
    let privateFolder = '';
    while (privateFolder === '') {
      await new Promise((resolve) => setTimeout(resolve, 20));
      privateFolder = (await readFile(began, 'utf8').catch(() => '')).trim();
    }
    controller.abort();
    const result = await building;
    assert.equal(result.outcome, 'cancelled');
    await assert.rejects(readdir(path.dirname(output)));
    await assert.rejects(readdir(privateFolder));
  });

  it('says when the compiler cannot be started', async () => {
    const result = await buildImage(request(path.join(folder, 'nothing'), path.join(folder, 'x.so')));
    assert.equal(result.outcome, 'missing');
  });

  it('keeps debug information and hardening in every kind of image', () => {
    for (const image of ['so', 'dll'] as const) {
      assert.ok(imageFlags(image, false, 'linux').includes('-g'));
      assert.ok(imageFlags(image, true, 'linux').includes('-Og'));
    }
    assert.ok(imageFlags('so', false, 'linux').some((flag) => flag.includes('relro')));
    assert.ok(!imageFlags('so', false, 'darwin').some((flag) => flag.includes('relro')));
  });
});
