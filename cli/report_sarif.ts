import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Cause, Finding, SourcePosition } from '../core/verifier/report';
import type { CheckedFile } from './document';

/** SARIF 2.1.0 (OASIS), as code-scanning services read it: one run, a rule for each finding code, a result for each finding. */
export function sarifReport(files: readonly CheckedFile[]): string {
  const findings = files.flatMap((file) =>
    file.programs.flatMap((program) => program.findings.map((finding) => ({ file, finding }))),
  );
  const codes = [...new Set(findings.map(({ finding }) => finding.code))].sort();
  const failures = files.filter((file) => file.error);
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'ebpf check', rules: codes.map((id) => ({ id })) } },
        columnKind: 'unicodeCodePoints',
        invocations: [
          {
            executionSuccessful: failures.length === 0,
            toolExecutionNotifications: failures.map((file) => ({
              level: 'error',
              descriptor: { id: file.error!.code },
              message: { text: file.error!.message },
              locations: [{ physicalLocation: { artifactLocation: { uri: uri(file.path) } } }],
            })),
          },
        ],
        results: findings.map(({ file, finding }) => result(file, finding, codes)),
      },
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function result(file: CheckedFile, finding: Finding, codes: readonly string[]): object {
  const details = [
    finding.message,
    finding.needed && `Needed: ${finding.needed}`,
    finding.known && `Known: ${finding.known}`,
  ];
  return {
    ruleId: finding.code,
    ruleIndex: codes.indexOf(finding.code),
    level: 'error',
    message: { text: details.filter((text) => text).join('\n') },
    locations: [location(finding.source, file.path, finding.function, finding.pc)],
    ...(finding.because.length > 0
      ? { relatedLocations: finding.because.map((cause, id) => related(cause, id, file.path)) }
      : {}),
    properties: { class: finding.class, instruction: finding.instruction },
  };
}

function related(cause: Cause, id: number, file: string): object {
  return { id, message: { text: cause.message }, ...location(cause.source, file, cause.function, cause.pc) };
}

/** The source line where it is known; else the object, with the instruction as a logical location. */
function location(source: SourcePosition | undefined, file: string, fn: string, pc: number): object {
  const logicalLocations = [{ fullyQualifiedName: `${fn}+${pc}`, kind: 'function' }];
  if (!source) return { physicalLocation: { artifactLocation: { uri: uri(file) } }, logicalLocations };
  const region = { startLine: source.line, ...(source.column > 0 ? { startColumn: source.column } : {}) };
  return { physicalLocation: { artifactLocation: { uri: uri(source.path) }, region }, logicalLocations };
}

/** Absolute paths become file URIs; relative ones stay relative, with forward slashes. */
function uri(file: string): string {
  return path.isAbsolute(file) ? pathToFileURL(file).href : encodeURI(file.replaceAll('\\', '/'));
}
