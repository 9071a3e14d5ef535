import { EmulatedMap } from './map';

/** A map of a type whose operations are not modelled: it has a handle, and using it stops the run with its name. */
export class OpaqueMap extends EmulatedMap {}

/** `perf_event_array`: events go to the output list, elements are the consumers' files and always there. */
export class PerfEventArray extends EmulatedMap {}
