import { judge, type Verdict } from './answer.js';
import { createBodyWriter } from './body.js';
import { type Compressor, paysFor } from './compress.js';
import { LONGEST_TIMER_MS } from './schedule.js';
import type { Transport } from './transport.js';

/** Takes lines to the collector and says what came of it. */
export interface Courier {
  /** The body of a request, compressed off the main thread where that pays. */
  pack(lines: readonly string[]): Promise<Parcel>;
  /** @param packed the same lines, made ready before. Never rejects. */
  deliver(lines: readonly string[], packed?: Promise<Parcel>): Promise<Verdict>;
  /** Milliseconds after which the delivery under way has its verdict. */
  readonly bound: number;
  close(): void;
}

export interface Parcel {
  body: Uint8Array<ArrayBuffer>;
  encoding?: string;
}

export interface CourierDeps {
  transport: Transport;
  compressor: Compressor | undefined;
  /** Read anew for each request: `configure()` may be called at any time. */
  settings: { url: string; apiKey: string | undefined; requestTimeout: number; compress: boolean | 'auto' };
  debug?: (line: string) => void;
}

/** A collector that is slow, and not away, gets more time for what it could not finish: up to this much more. */
const LONGEST_BOUND_FACTOR = 8;
/** Answers in a row after which half of the extra time is enough. Taken back at once, every second request would be in vain. */
const ANSWERS_UNTIL_FASTER = 16;

export function createCourier({ transport, compressor, settings, debug }: CourierDeps): Courier {
  let encodings = compressor;
  let base: string | undefined;
  /** Grows with each request that timed out, and shrinks with many that did not. */
  let factor = 1;
  let answers = 0;
  const bodies = createBodyWriter();
  const bound = () => Math.min(settings.requestTimeout * factor, LONGEST_TIMER_MS);
  let known: URL | undefined;
  const address = () => {
    if (settings.url !== base) {
      base = settings.url;
      known = endpoint(base);
    }
    return known;
  };

  async function pack(lines: readonly string[]): Promise<Parcel> {
    const body = bodies.write(lines);
    const { compress } = settings;
    const url = address();
    if (!encodings || !url || !(compress === true || (compress === 'auto' && paysFor(url, body.length)))) {
      return { body };
    }
    const { encoding } = encodings;
    const small = await encodings.compress(body);
    bodies.release(body);
    return { body: small, encoding };
  }

  return {
    pack,
    async deliver(lines, packed) {
      const url = address();
      if (!url) {
        return {
          kind: 'misconfigured',
          problem: 'invalid-url',
          words: 'is no http(s) URL; set url or OBSERVATORY_URL, e.g. http://127.0.0.1:4318',
        };
      }
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      const { apiKey } = settings;
      if (apiKey) headers.authorization = `Bearer ${apiKey}`;
      try {
        let { body, encoding } = await (packed ?? pack(lines));
        // Made ready before the collector said that it does not know the encoding.
        if (encoding && !encodings) ({ body, encoding } = await pack(lines));
        if (encoding) headers['content-encoding'] = encoding;
        const start = performance.now();
        const answer = await transport.send({ url, headers, body, timeoutMs: bound() });
        debug?.(
          `${lines.length} items in ${body.length} bytes (${encoding ?? 'plain'}): ${answer.status} after ${Math.round(performance.now() - start)} ms`,
        );
        if (++answers % ANSWERS_UNTIL_FASTER === 0) factor = Math.max(1, factor / 2);
        const verdict = judge(answer);
        // A receipt comes when all of it was read; after anything else a socket may still be writing.
        if (verdict.kind === 'stored' && !encoding) bodies.release(body);
        if (verdict.kind !== 'encoding') return verdict;
        if (!encoding) return judge({ ...answer, status: 404 });
        // From here on everything travels as it is.
        encodings = undefined;
        return { kind: 'later', problem: 'collector-busy', words: 'answered 415', retryAfterMs: 0 };
      } catch (error) {
        if ((error as Error).name === 'TimeoutError') {
          factor = Math.min(2 * factor, LONGEST_BOUND_FACTOR);
          answers = 0;
        }
        return { kind: 'later', problem: 'collector-unreachable', words: reasonOf(error) };
      }
    },
    get bound() {
      return bound();
    },
    close: () => transport.close(),
  };
}

/** `{url}/v1/events`, below whatever path the URL has; undefined where it is no http(s) URL. */
export function endpoint(base: string): URL | undefined {
  try {
    const url = new URL(base);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/events`;
    return url;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown };
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (typeof code === 'string') return code;
  if (cause !== undefined) return reasonOf(cause);
  return typeof message === 'string' && message !== '' ? message : String(error);
}
