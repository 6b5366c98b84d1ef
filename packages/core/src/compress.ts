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
  const zlib = builtin('node:zlib') as Partial<typeof import('node:zlib')> | undefined;
  const compress = (zlib?.zstdCompress ?? zlib?.gzip) as Compress | undefined;
  if (!compress) return undefined;
  // The level for either of the two.
  const level = { level: 1, params: { [zlib?.constants?.ZSTD_c_compressionLevel ?? 0]: 1 } };
  return {
    encoding: zlib?.zstdCompress ? 'zstd' : 'gzip',
    compress: (body) =>
      new Promise((resolve, reject) => {
        const chunkSize = Math.min(CHUNK_BYTES, Math.max(4096, body.length >> 1));
        compress(body, { ...level, chunkSize }, (error, result) => (error ? reject(error) : resolve(result)));
      }),
  };
}

type Compress = (
  body: Uint8Array,
  options: object,
  done: (error: Error | null, result: Uint8Array<ArrayBuffer>) => void,
) => void;

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
