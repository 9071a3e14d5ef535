import { HANDLERS } from './handlers/all';
import { EbpfSession } from './session';

/** The debug adapter: speaks the protocol on standard input and output. */
const session = new EbpfSession(HANDLERS);
process.on('SIGTERM', () => session.shutdown());
session.start(process.stdin, process.stdout);
