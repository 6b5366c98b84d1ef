/** What delivery takes from an edge runtime or a browser: no disk, no sockets, and a process that says nothing of its end. */
import type { ProcessEnd } from './exit.js';
import { nativeSha256, portableSha256 } from './sha256.js';
import { noSpool, type Spool } from './spool.js';

export { streamCompressor as createCompressor } from './compress.js';
export { fetchTransport as createTransport } from './transport-fetch.js';

/** Workers offer Node's with `nodejs_compat`. */
export const sha256: (text: string) => string = nativeSha256 ?? portableSha256;

export const createSpool = (): Spool => noSpool;

export const watchProcessEnd = (): ProcessEnd => ({ guard() {} });
