/** What delivery takes from Node, Bun and Deno. `#runtime` in package.json stands for this file or one of its two sisters. */
import { nativeSha256 } from './sha256.js';

export { zlibCompressor as createCompressor } from './compress.js';
export { watchProcessEnd } from './exit.js';
export { createSpool } from './spool.js';
export { nativeTransport as createTransport } from './transport.js';

export const sha256 = nativeSha256!;
