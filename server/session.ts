import path from 'node:path';
import { URI } from 'vscode-uri';
import { InputError } from '../core/input/error';
import { buildsBpf } from '../tools/compile_commands';
import { disassemble, untrusted, withoutObject } from './disassembly';
import type { Disassembly, FileStatus } from './protocol';
import type { Publisher } from './publisher';
import { verifyFile, type Workshop } from './run';
import type { Settings } from './settings';
import { isCSource, looksLikeBpf } from './source';

/** What the session asks of its surroundings. */
export interface Host {
  /** The settings that hold for a file. */
  settings(uri: string): Promise<Settings>;
  /** Absolute path of the workspace folder that holds the file; undefined for a file outside all of them. */
  folderOf(uri: string): string | undefined;
  onStatus(uri: string, status: FileStatus): void;
}

interface OpenFile {
  status: FileStatus;
  /** The run under way. */
  run: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  headers: readonly string[];
  /** Events of a file are looked at in the order in which they came; looking takes files and settings, so it waits. */
  decisions: Promise<void>;
  /** The settings of the last run. */
  settings: Settings | undefined;
  /** The last run that came to its end, with the object that it compiled, if any. */
  last: { readonly object: Uint8Array | undefined; readonly platform: Settings['platform'] } | undefined;
}

/** When to verify which file: on open, save, trust, changed settings and headers. A newer run of a file cancels the older. */
export class Session {
  private readonly files = new Map<string, OpenFile>();
  private readonly turns = new Turns(2);
  /** Everything begun and not ended, so that {@link idle} misses nothing between an event and the run that it leads to. */
  private readonly pending = new Set<Promise<unknown>>();

  constructor(
    private readonly shop: Workshop,
    private readonly publisher: Publisher,
    private readonly host: Host,
    private trusted: boolean,
  ) {}

  /** A document was opened. */
  opened(uri: string): Promise<void> {
    return this.track(this.consider(uri, (settings) => settings.verifyOnOpen));
  }

  /** A document was saved. */
  saved(uri: string): Promise<void> {
    return this.track(this.consider(uri, (settings) => settings.verifyOnSave));
  }

  closed(uri: string): void {
    const file = this.files.get(uri);
    if (!file) return;
    file.run?.abort.abort();
    this.files.delete(uri);
    this.publisher.remove(uri);
    this.host.onStatus(uri, { state: 'none' });
  }

  /** Workspace Trust was granted (it is never taken back within a window). */
  async trust(): Promise<void> {
    if (this.trusted) return;
    this.trusted = true;
    await Promise.all([...this.files.keys()].map((uri) => this.opened(uri)));
  }

  /** Settings changed, for some files perhaps not in a way that matters. */
  async settingsChanged(): Promise<void> {
    const reconsiderIfChanged = async (uri: string, file: OpenFile): Promise<void> => {
      const settings = await this.host.settings(uri);
      if (JSON.stringify(settings) !== JSON.stringify(file.settings)) await this.reconsider(uri, file);
    };
    await Promise.all([...this.files].map(([uri, file]) => this.track(reconsiderIfChanged(uri, file))));
  }

  /** Something changed that every result depends on: folders, a compilation database. */
  async everythingChanged(): Promise<void> {
    await Promise.all([...this.files].map(([uri, file]) => this.track(this.reconsider(uri, file))));
  }

  /** Files on disk changed behind the editor's back or from other editors: headers, compilation databases. */
  async changedOnDisk(uris: readonly string[]): Promise<void> {
    const paths = uris.map((uri) => URI.parse(uri).fsPath);
    if (paths.some((file) => path.basename(file) === 'compile_commands.json')) {
      await this.everythingChanged();
      return;
    }
    const changed = new Set(paths);
    const stale = [...this.files].filter(([, file]) => file.headers.some((header) => changed.has(header)));
    await Promise.all(stale.map(([uri]) => this.saved(uri)));
  }

  /** Verifies because the user said so, whatever the settings and the text say. */
  async verify(uri: string): Promise<FileStatus> {
    const file = this.fileOf(uri);
    this.start(uri, file);
    // A newer run may have taken over; its answer is the one that holds.
    while (file.run) await file.run.done;
    return file.status;
  }

  /** The file's programs as text, from the object of its last run; runs it first if that was not done yet. */
  async disassembly(uri: string): Promise<Disassembly> {
    if (!this.trusted) return untrusted;
    const file = this.fileOf(uri);
    await file.decisions;
    if (!file.run && !file.last) await this.verify(uri);
    while (file.run) await file.run.done;
    const { last } = file;
    return last?.object ? disassemble(last.object, last.platform) : withoutObject(file.status);
  }

  status(uri: string): FileStatus {
    return this.files.get(uri)?.status ?? { state: 'none' };
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.allSettled([...this.pending]);
  }

  close(): void {
    for (const uri of [...this.files.keys()]) this.closed(uri);
  }

  /** Verifies again what had been verified, or what the settings now want verified. */
  private async reconsider(uri: string, file: OpenFile): Promise<void> {
    const asked = file.status.state !== 'none' && file.status.state !== 'idle';
    await this.consider(uri, (settings) => asked || settings.verifyOnOpen);
  }

  private track<T>(work: Promise<T>): Promise<T> {
    this.pending.add(work);
    const done = (): boolean => this.pending.delete(work);
    work.then(done, done);
    return work;
  }

  private fileOf(uri: string): OpenFile {
    let file = this.files.get(uri);
    if (!file) {
      file = {
        status: { state: 'none' },
        run: undefined,
        headers: [],
        decisions: Promise.resolve(),
        settings: undefined,
        last: undefined,
      };
      this.files.set(uri, file);
    }
    return file;
  }

  private async consider(uri: string, wanted: (settings: Settings) => boolean): Promise<void> {
    const { fsPath, scheme } = URI.parse(uri);
    if (scheme !== 'file' || !isCSource(fsPath)) return;
    const file = this.fileOf(uri);
    const decision = file.decisions.then(() => this.decide(uri, file, wanted));
    file.decisions = decision.then(
      () => undefined,
      () => undefined,
    );
    await decision;
    await file.run?.done;
  }

  /** Starts a run of the file, or says why there is none. Does not wait for the run. */
  private async decide(uri: string, file: OpenFile, wanted: (settings: Settings) => boolean): Promise<void> {
    const bpf = await this.isBpf(uri);
    if (this.files.get(uri) !== file) return;
    if (!bpf) {
      // The last SEC is gone: take back what was said about it.
      file.run?.abort.abort();
      file.last = undefined;
      this.publisher.remove(uri);
      if (file.status.state !== 'none') this.tell(uri, file, { state: 'none' });
      return;
    }
    const settings = await this.host.settings(uri);
    if (this.files.get(uri) !== file) return;
    if (wanted(settings)) {
      file.settings = settings;
      this.start(uri, file);
    } else if (file.status.state === 'none') this.tell(uri, file, { state: 'idle' });
  }

  private async isBpf(uri: string): Promise<boolean> {
    const text = this.shop.openText(uri);
    if (text !== undefined && looksLikeBpf(text)) return true;
    const file = URI.parse(uri).fsPath;
    try {
      const entry = await this.shop.commands.find(file, this.rootOf(uri));
      return entry !== undefined && buildsBpf(entry);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.shop.log(error.message);
      return false;
    }
  }

  private rootOf(uri: string): string {
    return this.host.folderOf(uri) ?? path.dirname(URI.parse(uri).fsPath);
  }

  private start(uri: string, file: OpenFile): void {
    file.run?.abort.abort();
    file.run = undefined;
    if (!this.trusted) {
      this.tell(uri, file, { state: 'untrusted' });
      return;
    }
    const abort = new AbortController();
    const done = this.track(this.run(uri, file, abort.signal)).then(() => {
      if (file.run === run) file.run = undefined;
    });
    const run = { abort, done };
    file.run = run;
  }

  private async run(uri: string, file: OpenFile, signal: AbortSignal): Promise<void> {
    const leave = await this.turns.enter();
    try {
      if (signal.aborted) return;
      const settings = await this.host.settings(uri);
      file.settings = settings;
      const result = await verifyFile(this.shop, {
        uri,
        root: this.rootOf(uri),
        settings,
        signal,
        onStatus: (status) => {
          if (!signal.aborted) this.tell(uri, file, status);
        },
      });
      if (!result || signal.aborted) return;
      file.headers = result.headers;
      file.last = { object: result.object, platform: settings.platform };
      this.publisher.replace(uri, result.documents);
      this.tell(uri, file, result.status);
    } catch (error) {
      // A defect of ours must not end the server, and must be seen.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.shop.log(`${uri}: ${message}`);
      if (signal.aborted) return;
      file.last = { object: undefined, platform: 'auto' };
      this.tell(uri, file, { state: 'failed', message: message.split('\n')[0] ?? message });
    } finally {
      leave();
    }
  }

  private tell(uri: string, file: OpenFile, status: FileStatus): void {
    file.status = status;
    this.host.onStatus(uri, status);
  }
}

/** Lets a few runs go at a time: a window that opens with twenty files must not start twenty compilers. */
class Turns {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async enter(): Promise<() => void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    };
  }
}
