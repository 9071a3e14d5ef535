import type { CheckedFile } from './document';

/** The document of the machine interface (docs/machine-interface.md), version 1. */
export function jsonReport(files: readonly CheckedFile[]): string {
  return `${JSON.stringify({ version: 1, files }, undefined, 2)}\n`;
}
