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
  /** Nothing is wrong with the batch: again later. */
  | { kind: 'later'; problem: Problem; words: string; retryAfterMs?: number | undefined }
  /** Only a person can mend it: again much later, with nothing thrown away. */
  | { kind: 'misconfigured'; problem: Problem; words: string };

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

export function judge(answer: Answer): Verdict {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const receipt = readReceipt(answer.body);
    if (receipt) return { kind: 'stored', receipt };
    return {
      kind: 'later',
      problem: 'not-a-collector',
      words: `answered ${status} without a receipt (${words(answer.body)}), as a login page or a proxy does`,
    };
  }
  if (status >= 300 && status < 400) {
    return {
      kind: 'misconfigured',
      problem: 'collector-redirects',
      words: `redirects to ${answer.location ?? 'nowhere'} (${status}); set the url to the final address`,
    };
  }
  const said = spoken(answer.body);
  switch (status) {
    case 413:
      return { kind: 'too-large', words: said ?? words(answer.body) };
    case 415:
      return { kind: 'encoding' };
    case 401:
    case 403:
      return {
        kind: 'misconfigured',
        problem: 'not-authorised',
        words: `answered ${status}: ${said ?? words(answer.body)}; check apiKey (OBSERVATORY_API_KEY)`,
      };
    case 408:
    case 425:
    case 429:
    case 503:
      return {
        kind: 'later',
        problem: 'collector-busy',
        words: `answered ${status}: ${said ?? words(answer.body)}`,
        retryAfterMs: retryAfterMs(answer.retryAfter),
      };
    case 400:
    case 422:
      // Only a collector's own words condemn a batch: a proxy that says 400 to everything must cost nothing.
      if (said !== undefined) return { kind: 'refused', words: said };
  }
  if (status >= 500) {
    return {
      kind: 'later',
      problem: 'collector-failing',
      words: `answered ${status}: ${said ?? words(answer.body)}`,
      retryAfterMs: retryAfterMs(answer.retryAfter),
    };
  }
  return {
    kind: 'misconfigured',
    problem: 'not-a-collector',
    words: `answered ${status}: ${said ?? words(answer.body)}; check the url (OBSERVATORY_URL)`,
  };
}

function readReceipt(body: string): IngestReceipt | undefined {
  const value = parse(body) as Partial<IngestReceipt> | undefined;
  if (typeof value?.accepted !== 'number') return undefined;
  const rejected = Array.isArray(value.rejected) ? value.rejected : [];
  return { accepted: value.accepted, duplicate: Number(value.duplicate) || 0, rejected };
}

/** The message of an error in the collector's shape; undefined where something else speaks. */
function spoken(body: string): string | undefined {
  const error = (parse(body) as { error?: { message?: unknown; field?: unknown } } | undefined)?.error;
  if (typeof error?.message !== 'string') return undefined;
  return words(error.field ? `${error.field}: ${error.message}` : error.message);
}

function parse(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

function words(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line === '' ? 'an empty body' : line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}
