import type { HelperFunction } from '../machine';

/** Helpers by the name that both platforms give them. */
export type HelperTable = Readonly<Record<string, HelperFunction>>;
