// The verdicts of `ebpf check --format json` as a table for people.

/**
 * As far as the table reads the document; docs/ describes all of it.
 * @typedef {{ path: string, line: number, column?: number, text?: string }} Source
 * @typedef {{ code: string, class: string, message: string, pc: number, source?: Source }} Finding
 * @typedef {{ section: string, function: string, type: string, verdict: string, findings: Finding[] }} Program
 * @typedef {{ path: string, platform: string, error?: { code: string, message: string }, programs: Program[] }} CheckedFile
 * @typedef {{ version: 1, files: CheckedFile[] }} CheckDocument
 */

const headings = ['FILE', 'PROGRAM', 'SECTION', 'TYPE', 'VERDICT'];

/**
 * @param {CheckDocument} document
 * @param {(file: string) => string} shorten how to show a path
 * @param {{ colour?: boolean }} [options]
 * @returns {string} the table with each finding under its program, and a line that counts
 */
export function table(document, shorten, { colour = false } = {}) {
  const { bold, red, green, dim } = inks(colour);
  const rows = document.files.flatMap((file) =>
    file.programs.map((program) => ({
      cells: [shorten(file.path), program.function, program.section, program.type, program.verdict],
      program,
    })),
  );
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map(({ cells }) => cells[i]?.length ?? 0)),
  );
  const line = (/** @type {string[]} */ cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = [bold(line(headings))];
  for (const { cells, program } of rows) {
    const text = line(cells);
    const ink = program.verdict === 'proved' ? green : red;
    lines.push(text.slice(0, text.length - program.verdict.length) + ink(program.verdict));
    for (const finding of program.findings) {
      lines.push(`    ${red(`${place(finding, shorten)}: ${finding.class}: ${finding.message}`)}`);
      const shown = finding.source?.text?.trim();
      if (shown) lines.push(dim(`        ${shown}`));
    }
  }
  for (const { path, error } of document.files) {
    if (error !== undefined) lines.push(red(`${shorten(path)}: ${error.message}`));
  }
  lines.push('', bold(summary(document)));
  return lines.join('\n');
}

/**
 * @param {Finding} finding
 * @param {(file: string) => string} shorten
 */
function place({ source, pc }, shorten) {
  return source === undefined ? `instruction ${pc}` : `${shorten(source.path)}:${source.line}`;
}

/**
 * @param {CheckDocument} document
 * @returns {string} such as "7 programs in 6 files: 6 proved, 1 unproven"
 */
export function summary({ files }) {
  const verdicts = files.flatMap(({ programs }) => programs.map(({ verdict }) => verdict));
  const counted = ['proved', 'refuted', 'unproven', 'invalid'].flatMap((name) => {
    const count = verdicts.filter((verdict) => verdict === name).length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  const broken = files.filter(({ error }) => error !== undefined).length;
  if (broken > 0) counted.push(`${broken} could not be read`);
  const plural = (/** @type {number} */ count, /** @type {string} */ noun) =>
    `${count} ${noun}${count === 1 ? '' : 's'}`;
  return `${plural(verdicts.length, 'program')} in ${plural(files.length, 'file')}: ${counted.join(', ') || 'nothing to verify'}`;
}

/** @param {boolean} colour */
function inks(colour) {
  const ink = (/** @type {number} */ code) => (/** @type {string} */ text) =>
    colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: ink(1), dim: ink(2), red: ink(31), green: ink(32) };
}
