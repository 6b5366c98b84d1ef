import { builtin } from './platform.js';

/** Makes a body smaller, off the main thread. */
export interface Compressor {
  /** Value of Content-Encoding. */
  encoding: string;
  compress(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

/** Below this a body fits into one packet anyway. */
export const MIN_COMPRESSED_LENGTH = 1400;

/** One output buffer and so one round trip to the thread pool for most bodies; more only costs what is written. */
const CHUNK_BYTES = 512 * 1024;

/** Compressing for a collector on the same machine costs both processes time and saves nobody a byte of network. */
export function paysFor(url: URL, length: number): boolean {
  return length >= MIN_COMPRESSED_LENGTH && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}

/** zstd level 1 where the runtime has it (half the time of gzip level 1, and smaller), else gzip; on the thread pool. */
export function zlibCompressor(): Compressor | undefined {
  const zlib = builtin('node:zlib');
  if (typeof zlib?.zstdCompress === 'function') {
    const params = { [zlib.constants.ZSTD_c_compressionLevel]: 1 };
    return {
      encoding: 'zstd',
      compress: (body) =>
        promised((done) => zlib.zstdCompress(body, { params, chunkSize: chunkFor(body) }, done)),
    };
  }
  if (typeof zlib?.gzip === 'function') {
    return {
      encoding: 'gzip',
      compress: (body) => promised((done) => zlib.gzip(body, { level: 1, chunkSize: chunkFor(body) }, done)),
    };
  }
  return undefined;
}

/** gzip by the web's own stream. */
export function streamCompressor(): Compressor | undefined {
  if (typeof CompressionStream !== 'function') return undefined;
  return {
    encoding: 'gzip',
    async compress(body) {
      const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
      return new Uint8Array(await new Response(stream).arrayBuffer());
    },
  };
}

const chunkFor = (body: Uint8Array) => Math.min(CHUNK_BYTES, Math.max(4096, body.length >> 1));

function promised(
  start: (done: (error: Error | null, result: Uint8Array) => void) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) =>
    start((error, result) => (error ? reject(error) : resolve(result as Uint8Array<ArrayBuffer>))),
  );
}
