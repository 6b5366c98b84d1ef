/** For a bundler that was not told what it bundles for: finds out when it runs, and carries both. */
import * as edge from './runtime-edge.js';
import * as node from './runtime-node.js';

export { sha256 } from './runtime-edge.js';
export { createSpool, createTransport, watchProcessEnd } from './runtime-node.js';

export const createCompressor: typeof node.createCompressor = () =>
  node.createCompressor() ?? edge.createCompressor();
