import { retryAfterMs } from './retry.js';
import type { Answer } from './transport.js';
import type { IngestReceipt } from './wire.js';

/** What an answer means for the batch it is about. */
export type Verdict =
  /** Committed, but for the items it names. */
  | { kind: 'stored'; receipt: IngestReceipt }
  /** Send it in smaller pieces. */
  | { kind: 'too-large'; words: string }
  /** The collector will never take this batch as it is: something in it is wrong. */
  | { kind: 'refused'; words: string }
  /** The encoding of the body is not understood. */
  | { kind: 'encoding' }
  | Failure;

/** Nothing is wrong with the batch. */
export interface Failure {
  /** `later`: again later. `misconfigured`: only a person can mend it: again much later, with nothing thrown away. */
  kind: 'later' | 'misconfigured';
  problem: Problem;
  words: string;
  retryAfterMs?: number | undefined;
}

/** Names of the diagnostics about a collector that takes nothing. */
export type Problem =
  | 'collector-unreachable'
  | 'collector-busy'
  | 'collector-failing'
  | 'collector-redirects'
  | 'not-a-collector'
  | 'not-authorised'
  | 'invalid-url';

/** Words of an answer that are repeated to a person. */
const MAX_WORDS = 300;

/** These say that somebody else should come back later, and nothing about what was sent. */
const BUSY = [408, 425, 429, 503];

export function judge({ status, body, retryAfter, location }: Answer): Verdict {
  const { accepted, duplicate, rejected, error } = parse(body);
  if (status < 300 && typeof accepted === 'number') {
    return {
      kind: 'stored',
      receipt: {
        accepted,
        duplicate: Number(duplicate) || 0,
        rejected: Array.isArray(rejected) ? rejected : [],
      },
    };
  }
  const { field, message } = error ?? {};
  const inOwnWords = typeof message === 'string';
  const words = shorten(inOwnWords ? (field ? `${field}: ${message}` : message) : body);
  if (status === 413) return { kind: 'too-large', words };
  if (status === 415) return { kind: 'encoding' };
  // Only a collector's own words condemn a batch: a proxy that says 400 to everything must cost nothing.
  if (inOwnWords && (status === 400 || status === 422)) return { kind: 'refused', words };

  const failure = (kind: Failure['kind'], problem: Problem, advice = ''): Failure => ({
    kind,
    problem,
    words: `answered ${status}: ${words}${advice}`,
    retryAfterMs: retryAfterMs(retryAfter),
  });
  if (status < 300) return failure('later', 'not-a-collector', ', as a login page or a proxy does');
  if (BUSY.includes(status)) return failure('later', 'collector-busy');
  if (status >= 500) return failure('later', 'collector-failing');
  // From here on only a person can mend it.
  if (status < 400) return failure('misconfigured', 'collector-redirects', `, a redirect to ${location}`);
  return status === 401 || status === 403
    ? failure('misconfigured', 'not-authorised', '; check apiKey (OBSERVATORY_API_KEY)')
    : failure('misconfigured', 'not-a-collector', '; check the url (OBSERVATORY_URL)');
}

interface Body extends Partial<IngestReceipt> {
  /** An error in the collector's shape. */
  error?: { message?: unknown; field?: unknown } | null;
}

function parse(body: string): Body {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim() || 'an empty body';
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}
