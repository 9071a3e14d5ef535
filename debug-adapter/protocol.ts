import type { PlatformId } from '../core/platform/platform';

/** Attributes of a launch configuration of type `ebpf`; package.json describes them to users. */
export interface LaunchArguments {
  /** Path of a BPF C source, which is compiled first, or of an object. */
  readonly program: string;
  /** Name of the entry function; needed when the object has several programs. */
  readonly function?: string;
  /** The packet in hexadecimal; spaces and colons may separate bytes. */
  readonly packet?: string;
  /** Context fields by name, or the context's bytes in hexadecimal. */
  readonly context?: Readonly<Record<string, unknown>> | string;
  /** Stop before the first instruction; true unless told. */
  readonly stopOnEntry?: boolean;
  /** `auto` unless told: Windows for objects that were built with its headers. */
  readonly platform?: 'auto' | PlatformId;
}
