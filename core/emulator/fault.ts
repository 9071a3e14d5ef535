/**
 * A **fault** is what a running program must never do, and what would crash, corrupt or leak on a machine without a verifier: an
 * access outside the memory that it was given (or to read-only, released, stale or uninitialised memory), use of a register without
 * a value, a call or jump to nowhere, an instruction that does not exist, too deep calls, or a helper called with something that it
 * cannot take. A program that the verifier proved never faults; a fault of a refuted one is the proof of its refutation.
 * Wrong results, endless loops, and helpers answering with error numbers are not faults.
 */
export type Fault = MemoryFault | RegisterFault | ControlFault | HelperFault;

interface At {
  /** Slot inside the linked program. */
  readonly pc: number;
  /** Name of the program that was running (a tail call may have changed it). */
  readonly program: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** Why an access was not allowed. */
export type MemoryFaultKind =
  | 'null' // an address below 64 KiB: a pointer that was not checked
  | 'out-of-bounds' // in the address range of a region, but outside its legal bytes
  | 'unmapped' // no region has such an address: a number used as a pointer
  | 'read-only'
  | 'released' // a ring-buffer record after submit or discard, a stack frame after return
  | 'stale-packet' // a packet pointer from before a helper moved the packet
  | 'uninitialised' // stack bytes that nobody wrote
  | 'context-field' // no field of the context, or one that may not be written
  | 'not-memory'; // a map handle or a function address

export interface MemoryFault extends At {
  readonly kind: MemoryFaultKind;
  readonly address: bigint;
  /** Bytes. */
  readonly width: number;
  readonly access: 'read' | 'write';
  /** Set when a helper made the access on the program's behalf. */
  readonly helper: string | undefined;
  /** Legal regions, the one that the address belongs to first, then by distance; at most eight. */
  readonly nearby: readonly NearbyRegion[];
}

export interface NearbyRegion {
  /** `packet`, `context`, `stack`, `map value counters[3]`, ... */
  readonly name: string;
  readonly start: bigint;
  /** Bytes. */
  readonly size: number;
  readonly writable: boolean;
}

export interface RegisterFault extends At {
  readonly kind: 'uninitialised-register';
  readonly register: number;
}

export interface ControlFault extends At {
  readonly kind: 'invalid-instruction' | 'call-depth' | 'call-target';
}

export interface HelperFault extends At {
  readonly kind: 'helper-argument';
  readonly helper: string;
  /** Argument number, from 1. */
  readonly argument: number;
}

/** How a run, or a part of one, ended. */
export type Outcome =
  | { readonly kind: 'returned'; readonly value: bigint }
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** The program called something that the emulator does not model; `name` and `prototype` say what. */
  | { readonly kind: 'unmodelled'; readonly name: string; readonly prototype: string; readonly pc: number };

/** Thrown inside the emulator to leave an instruction that cannot finish; never leaves this folder. */
export class Halt extends Error {
  override readonly name = 'Halt';

  constructor(readonly outcome: Outcome) {
    super(outcome.kind);
  }
}
