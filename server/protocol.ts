/**
 * The messages between client and server beyond the Language Server Protocol. Types only, so that the client can import this file
 * without taking any of the server's code along.
 */

/** What the server knows about one C file; the status bar shows the active editor's. */
export type FileStatus =
  /** No BPF program, or closed. */
  | { readonly state: 'none' }
  /** A BPF program that nobody asked to verify yet. */
  | { readonly state: 'idle' }
  | { readonly state: 'compiling' }
  | { readonly state: 'verifying'; readonly done: number; readonly programs: number }
  | { readonly state: 'proved'; readonly programs: number; readonly milliseconds: number }
  | {
      readonly state: 'refused';
      readonly refused: number;
      readonly programs: number;
      readonly milliseconds: number;
    }
  | { readonly state: 'compile-error'; readonly errors: number }
  | { readonly state: 'no-clang'; readonly remedy: string }
  /** Workspace Trust is not granted: no foreign program may be started. */
  | { readonly state: 'untrusted' }
  | { readonly state: 'failed'; readonly message: string };

export interface FileParams {
  readonly uri: string;
}

export interface StatusParams extends FileParams {
  readonly status: FileStatus;
}

/** One program of a file, as the source text shows it. */
export interface SourceProgram {
  readonly name: string;
  readonly section: string;
  /** Line of the name, from 0. */
  readonly line: number;
}

/** All programs of a file as text, or a sentence that says why there is none. */
export type Disassembly = { readonly text: string } | { readonly message: string };

/** Given by the client with the `initialize` request. */
export interface InitializationOptions {
  /** Workspace Trust. Without it the server starts no foreign program. Missing means not trusted. */
  readonly trusted?: boolean;
  /** Settings for clients that do not answer `workspace/configuration`: the object under `ebpf`. */
  readonly settings?: unknown;
  /** URI of the catalogue of findings; a finding's code is its fragment. */
  readonly findingsDocument?: string;
}

/** Server to client. */
export interface ServerNotifications {
  'ebpf/status': StatusParams;
}

/** Client to server. */
export interface ClientNotifications {
  'ebpf/trust': { readonly trusted: boolean };
}

/** Client to server, with an answer. */
export interface ClientRequests {
  /** Verifies the file as it is on disk, even when it does not look like a BPF program. Answers when that is done. */
  'ebpf/verify': { readonly params: FileParams; readonly result: FileStatus };
  /** The programs of the object that the file was compiled to last, in the syntax of llvm-objdump. Compiles and verifies only when that was not done yet. */
  'ebpf/disassembly': { readonly params: FileParams; readonly result: Disassembly };
  /** The programs that the text of an open document holds. */
  'ebpf/programs': { readonly params: FileParams; readonly result: readonly SourceProgram[] };
  /** Answers when no run is under way. For tests, in place of sleeping. */
  'ebpf/sync': { readonly params: null; readonly result: null };
}
