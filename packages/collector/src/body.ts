import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Limits } from './limits.js';

/** A request that is answered with an error of its own: the status, the code and what to do. */
export class RequestProblem extends Error {
  readonly status: 400 | 403 | 404 | 408 | 413 | 415 | 503;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: RequestProblem['status'], code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

const DECODERS: Record<string, (() => Transform) | undefined> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  // Node has zstd from 22.15 on.
  zstd: 'createZstdDecompress' in zlib ? () => zlib.createZstdDecompress() : undefined,
};

const mebibytes = (bytes: number): string => `${Math.round((bytes / (1024 * 1024)) * 10) / 10} MiB`;

/** Reads a body and hands it on; its memory counts against all bodies' until `use` is done with it. */
export type BodyReader = <Result>(
  request: IncomingMessage,
  use: (body: Buffer) => Result | Promise<Result>,
) => Promise<Result>;

export function createBodyReader(limits: Limits): BodyReader {
  let held = 0;
  return async (request, use) => {
    let own = 0;
    const hold = (bytes: number) => {
      if (held + bytes > limits.maxBufferedBytes) {
        throw new RequestProblem(
          503,
          'busy',
          `bodies of ${mebibytes(held)} are being stored just now: try again`,
        );
      }
      held += bytes;
      own += bytes;
    };
    try {
      return await use(await readBody(request, limits, hold));
    } finally {
      held -= own;
    }
  };
}

/**
 * Reads a body, decompressing as it comes, and stops at the first byte over a limit: a bomb is never inflated. What the client
 * still sends after that is thrown away, so that it can read the answer.
 */
async function readBody(
  request: IncomingMessage,
  limits: Limits,
  hold: (bytes: number) => void,
): Promise<Buffer> {
  const encodings = (request.headers['content-encoding'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (encodings.length > 1) {
    throw new RequestProblem(
      415,
      'encoding',
      'send the body in one content-encoding, not several',
      'content-encoding',
    );
  }
  const encoding = encodings[0];
  const decoder = encoding === undefined ? undefined : DECODERS[encoding]?.();
  if (encoding !== undefined && !decoder) {
    const known = Object.keys(DECODERS).filter((name) => DECODERS[name] && name !== 'x-gzip');
    throw new RequestProblem(
      415,
      'encoding',
      `content-encoding "${encoding}" is not known here: send ${known.join(', ')} or none`,
      'content-encoding',
    );
  }
  const tooLarge = () =>
    new RequestProblem(
      413,
      'body_too_large',
      `the body is larger than ${mebibytes(limits.maxBodyBytes)} (${limits.maxBodyBytes} bytes): split the batch`,
      'content-length',
    );
  if (Number(request.headers['content-length'] ?? 0) > limits.maxBodyBytes) throw tooLarge();

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sent = 0;
    let raw = 0;
    const stop = (problem: Error) => {
      request.off('data', onData);
      decoder?.destroy();
      reject(problem);
    };
    const keep = (chunk: Buffer) => {
      raw += chunk.length;
      if (raw > limits.maxRawBytes) {
        stop(
          new RequestProblem(
            413,
            'body_too_large',
            `the body is larger than ${mebibytes(limits.maxRawBytes)} (${limits.maxRawBytes} bytes) when decompressed: split the batch`,
            'content-encoding',
          ),
        );
        return;
      }
      try {
        hold(chunk.length);
        chunks.push(chunk);
      } catch (problem) {
        stop(problem as Error);
      }
    };
    const onData = (chunk: Buffer) => {
      sent += chunk.length;
      if (sent > limits.maxBodyBytes) stop(tooLarge());
      else if (!decoder) keep(chunk);
      else if (!decoder.write(chunk)) {
        request.pause();
        decoder.once('drain', () => request.resume());
      }
    };
    const finish = () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, raw));
    const cutOff = () =>
      stop(new RequestProblem(400, 'body_cut_off', 'the connection ended before the body was complete'));
    request.on('data', onData);
    request.once('end', () => (decoder ? decoder.end() : finish()));
    request.once('error', cutOff);
    request.once('aborted', cutOff);
    decoder?.on('data', keep);
    decoder?.once('end', finish);
    decoder?.once('error', (error) =>
      stop(
        new RequestProblem(
          400,
          'body_not_decompressible',
          `the body is not valid ${encoding} (${error.message}): it is cut off, or content-encoding is wrong`,
          'content-encoding',
        ),
      ),
    );
  });
}
