/** Everything that a run takes from its surroundings: equal configurations give equal runs. */
export interface Configuration {
  /** Nanoseconds since boot when the run begins; one instruction takes one nanosecond. */
  readonly time: bigint;
  /** Seed of bpf_get_prandom_u32; 32 bits. */
  readonly random: number;
  /** The CPU that the program runs on, and how many there are. */
  readonly cpu: number;
  readonly cpus: number;
  /** Thread and process (pid and tgid in the kernel's words). */
  readonly thread: number;
  readonly process: number;
  readonly user: number;
  readonly group: number;
  /** Name of the current task, at most 15 bytes. */
  readonly command: string;
  /** Bytes of emulated memory: stacks, packet, map values. */
  readonly memoryLimit: number;
  /** Results of helpers and extern functions that are not modelled, by name. Without one the run stops there. */
  readonly results: Readonly<Record<string, bigint>>;
}

export const DEFAULT_CONFIGURATION: Configuration = {
  time: 1_000_000_000_000n,
  random: 0x2545f491,
  cpu: 0,
  cpus: 4,
  thread: 1000,
  process: 1000,
  user: 0,
  group: 0,
  command: 'ebpf',
  memoryLimit: 512 << 20,
  results: {},
};
