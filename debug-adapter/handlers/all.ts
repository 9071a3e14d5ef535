import type { Handler } from '../handler';
import type { EbpfSession } from '../session';
import { BREAKPOINTS } from './breakpoints';
import { EXECUTION } from './execution';
import { LIFECYCLE } from './lifecycle';
import { STACK } from './stack';
import { VALUES } from './values';

/** Every request that the adapter answers. */
export const HANDLERS: readonly Handler<EbpfSession>[] = [
  ...LIFECYCLE,
  ...BREAKPOINTS,
  ...EXECUTION,
  ...STACK,
  ...VALUES,
];
