import type { Diagnostic } from 'vscode-languageserver';

/** Diagnostics by document URI. */
export type ByDocument = ReadonlyMap<string, readonly Diagnostic[]>;

/**
 * Keeps what each unit found in each document. A header belongs to many units: it shows the union of what they found, and is
 * cleared only when none of them finds anything there any more.
 */
export class Publisher {
  private readonly units = new Map<string, ByDocument>();

  constructor(private readonly send: (uri: string, diagnostics: Diagnostic[]) => void) {}

  /** Replaces everything that the unit had found. */
  replace(unit: string, found: ByDocument): void {
    const before = this.units.get(unit);
    this.units.set(unit, found);
    this.publish(new Set([...(before?.keys() ?? []), ...found.keys()]));
  }

  /** Takes back everything that the unit had found. */
  remove(unit: string): void {
    const before = this.units.get(unit);
    if (!this.units.delete(unit) || !before) return;
    this.publish(new Set(before.keys()));
  }

  /** What a document shows now. */
  of(uri: string): Diagnostic[] {
    const seen = new Map<string, Diagnostic>();
    for (const found of this.units.values()) {
      for (const one of found.get(uri) ?? []) {
        const { range, code, message } = one;
        const key = JSON.stringify([range.start, range.end, code, message]);
        if (!seen.has(key)) seen.set(key, one);
      }
    }
    return [...seen.values()];
  }

  private publish(uris: ReadonlySet<string>): void {
    for (const uri of uris) this.send(uri, this.of(uri));
  }
}
