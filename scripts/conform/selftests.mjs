// The kernel's own test programs as objects: built once, from Debian's linux-source package, for several instruction sets.
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { must, run } from '../run.mjs';
import { filesUnder } from '../files.mjs';
import { KERNEL } from './core_relo.mjs';

export const SOURCE_PACKAGE = 'linux-source-6.12';
export const CPUS = ['v2', 'v3', 'v4'];

const SELFTESTS = 'tools/testing/selftests/bpf';

/**
 * The kernel's tree, as far as the tests need it. EBPF_LINUX_SOURCE names one that is there already.
 * @param {string} folder where packages are kept
 * @returns {Promise<string>}
 */
async function kernelSource(folder) {
  if (process.env.EBPF_LINUX_SOURCE !== undefined) return process.env.EBPF_LINUX_SOURCE;
  const tree = path.join(folder, SOURCE_PACKAGE);
  if (existsSync(tree)) return tree;
  const isPackage = (/** @type {string} */ file) => file.startsWith(`${SOURCE_PACKAGE}_`) && file.endsWith('.deb');
  if (!readdirSync(folder).some(isPackage)) {
    console.log(`downloading ${SOURCE_PACKAGE} into ${folder}`);
    await must('apt-get', ['download', '-q', SOURCE_PACKAGE], { cwd: folder, capture: true, timeout: 900_000 });
  }
  const archive = readdirSync(folder).find(isPackage);
  if (archive === undefined) throw new Error(`apt-get left no ${SOURCE_PACKAGE} package in ${folder}`);
  const unpacked = path.join(folder, 'unpacked', SOURCE_PACKAGE);
  mkdirSync(unpacked, { recursive: true });
  await must('dpkg-deb', ['-x', path.join(folder, archive), unpacked], { capture: true });
  const wanted = [SELFTESTS, 'tools/lib/bpf', 'tools/include'].map((part) => `${SOURCE_PACKAGE}/${part}`);
  const source = path.join(unpacked, 'usr', 'src', `${SOURCE_PACKAGE}.tar.xz`);
  await must('tar', ['-xJf', source, '-C', folder, ...wanted], { capture: true });
  return tree;
}

/**
 * Builds what is not built yet and answers all objects. Sources that this clang or this kernel's types do not build are left out and counted.
 * @param {string} folder the corpus folder
 * @param {string} clang
 * @returns {Promise<{ objects: string[], failed: number }>}
 */
export async function selftestObjects(folder, clang) {
  const tree = await kernelSource(folder);
  const headers = path.join(folder, 'selftest-headers');
  const vmlinux = path.join(headers, 'vmlinux.h');
  if (!existsSync(vmlinux)) {
    mkdirSync(path.join(headers, 'bpf'), { recursive: true });
    for (const file of readdirSync(path.join(tree, 'tools/lib/bpf')).filter((name) => name.endsWith('.h')))
      cpSync(path.join(tree, 'tools/lib/bpf', file), path.join(headers, 'bpf', file));
    // The numbers of helpers are generated from the kernel's comments in a kernel build; libbpf-dev carries the same.
    cpSync('/usr/include/bpf/bpf_helper_defs.h', path.join(headers, 'bpf', 'bpf_helper_defs.h'));
    cpSync('/usr/include/bpf/bpf_helper_defs.h', path.join(headers, 'bpf_helper_defs.h'));
    const dump = await must('bpftool', ['btf', 'dump', 'file', KERNEL, 'format', 'c'], { capture: true });
    writeFileSync(vmlinux, dump.stdout);
  }
  let failed = 0;
  const sources = filesUnder(path.join(tree, SELFTESTS, 'progs'), '.c');
  for (const cpu of CPUS) {
    const target = path.join(folder, 'selftests', cpu);
    if (existsSync(target)) continue;
    const building = `${target}.building`;
    mkdirSync(building, { recursive: true });
    const build = async (/** @type {string} */ source) => {
      const object = path.join(building, `${path.basename(source, '.c')}.o`);
      if (existsSync(object)) return;
      const result = await run(clang, [...flags(tree, headers, cpu), '-c', source, '-o', object], { capture: true });
      if (result.code !== 0) failed++;
    };
    console.log(`building ${sources.length} kernel selftests for -mcpu=${cpu}`);
    for (let i = 0; i < sources.length; i += 2) await Promise.all(sources.slice(i, i + 2).map(build));
    renameSync(building, target);
  }
  const objects = CPUS.flatMap((cpu) => filesUnder(path.join(folder, 'selftests', cpu), '.o'));
  return { objects, failed };
}

/** @param {string} tree @param {string} headers @param {string} cpu */
function flags(tree, headers, cpu) {
  const include = [headers, path.join(tree, SELFTESTS), path.join(tree, SELFTESTS, 'progs')];
  include.push(path.join(tree, 'tools/include/uapi'), path.join(tree, 'tools/include'));
  const machine = ['/usr/include/x86_64-linux-gnu', '/usr/include'].flatMap((name) => ['-idirafter', name]);
  const defines = ['-D__TARGET_ARCH_x86', ...(cpu === 'v4' ? ['-D__BPF_FEATURE_ADDR_SPACE_CAST'] : [])];
  return ['-g', '-O2', '-target', 'bpf', `-mcpu=${cpu}`, '-Wno-everything', ...defines, ...include.flatMap((name) => ['-I', name]), ...machine]; // prettier-ignore
}
