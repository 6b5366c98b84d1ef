import type { IngestReceipt, RejectedItem } from '@observatory/core/wire';
import { type Acceptance, acceptItem } from './accept.js';
import { type Manner, Refusal } from './accept-fields.js';
import { RequestProblem } from './body.js';
import { BodyError, findItems, type ItemSpan } from './body-items.js';
import type { Entry } from './entry.js';
import type { Limits } from './limits.js';
import { nowMicros } from './time.js';
import { ENTRIES_PER_TRANSACTION, type Writer } from './writer.js';

/** What one request brought, for `/metrics`. */
export interface IngestCounts {
  requests: number;
  accepted: number;
  duplicate: number;
  rejected: number;
}

export interface Ingest {
  /** Checks, stores and acknowledges a body of wire items. */
  body(body: Buffer, manner: Manner): Promise<IngestReceipt>;
  /** The same for items that were made of something else than the wire. */
  items(items: Iterable<unknown>, manner: Manner): Promise<IngestReceipt>;
  counts: IngestCounts;
}

/** A slice ends at this many bytes too: parsing and storing them takes some tens of milliseconds. */
const BYTES_PER_SLICE = 1024 * 1024;
/** A receipt of a million refusals would be larger than what was refused. */
const MAX_REPORTED_REFUSALS = 1000;

interface Candidate {
  /** Throws a Refusal. */
  read(): Acceptance;
  bytes: number;
  id(): string | undefined;
}

export function createIngest(writer: Writer, limits: Limits): Ingest {
  const counts: IngestCounts = { requests: 0, accepted: 0, duplicate: 0, rejected: 0 };

  async function take(candidates: Iterable<Candidate>): Promise<IngestReceipt> {
    const receipt: IngestReceipt = { accepted: 0, duplicate: 0, rejected: [] };
    counts.requests++;
    let refused = 0;
    let index = 0;
    let entries: Entry[] = [];
    let bytes = 0;
    /** Which of `entries` are items of the request, and not bodies split out of them. */
    let own: number[] = [];

    const store = async () => {
      const results = entries.length === 0 ? [] : await writer.write(entries);
      for (const at of own) receipt[results[at]!]++;
      entries = [];
      own = [];
      bytes = 0;
    };

    for (const candidate of candidates) {
      try {
        const { entry, contents } = candidate.read();
        entries.push(...contents, entry);
        own.push(entries.length - 1);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused++;
        if (refused <= MAX_REPORTED_REFUSALS) {
          receipt.rejected.push(rejection(index, candidate.id(), error.message));
        }
      }
      index++;
      bytes += candidate.bytes;
      if (entries.length >= ENTRIES_PER_TRANSACTION || bytes >= BYTES_PER_SLICE) {
        // Also when all were refused: others get their turn between slices.
        if (entries.length === 0) await new Promise((resolve) => setImmediate(resolve));
        await store();
      } else if (index % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await store();
    if (refused > MAX_REPORTED_REFUSALS) {
      receipt.rejected.push(
        rejection(
          index - 1,
          undefined,
          `and ${refused - MAX_REPORTED_REFUSALS} more items were refused; these are the first ones`,
        ),
      );
    }
    counts.accepted += receipt.accepted;
    counts.duplicate += receipt.duplicate;
    counts.rejected += refused;
    return receipt;
  }

  function* fromBody(body: Buffer, spans: ItemSpan[], manner: Manner): Generator<Candidate> {
    const receivedAt = nowMicros();
    for (const span of spans) {
      let parsed: unknown;
      yield {
        bytes: span.to - span.from,
        read() {
          if (span.depth > limits.maxDepth) {
            throw new Refusal(
              `the item is nested ${span.depth} levels deep: at most ${limits.maxDepth} are read, send the inner part as JSON text`,
            );
          }
          const source = body.subarray(span.from, span.to);
          parsed = parseItem(source);
          return acceptItem(parsed, source, { manner, limits, receivedAt });
        },
        id: () => readableId(parsed),
      };
    }
  }

  return {
    counts,
    async body(body, manner) {
      let spans: ItemSpan[];
      try {
        spans = findItems(body);
      } catch (error) {
        if (error instanceof BodyError)
          throw new RequestProblem(400, 'body_not_readable', error.message, 'body');
        throw error;
      }
      if (spans.length > limits.maxItems) {
        throw new RequestProblem(
          413,
          'too_many_items',
          `the batch has ${spans.length} items: at most ${limits.maxItems} are taken at once, split it`,
          'items',
        );
      }
      return take(fromBody(body, spans, manner));
    },
    items: (items, manner) =>
      take(
        (function* () {
          const receivedAt = nowMicros();
          for (const item of items) {
            const source = JSON.stringify(item);
            yield {
              bytes: source.length,
              read: () => acceptItem(item, source, { manner, limits, receivedAt }),
              id: () => readableId(item),
            };
          }
        })(),
      ),
  };
}

function parseItem(source: Buffer): unknown {
  try {
    return JSON.parse(source.toString('utf8'));
  } catch (error) {
    throw new Refusal(`the item is not valid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

const rejection = (index: number, id: string | undefined, reason: string): RejectedItem => ({
  index,
  ...(id !== undefined && { id }),
  reason,
});

/** The item's own id, short enough to repeat. */
function readableId(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { type, run_id, step_id, tool_call_id, hash, loss_id } = item as Record<string, unknown>;
  const own =
    { step: step_id, tool_call: tool_call_id, content: hash, loss: loss_id }[String(type)] ?? run_id;
  return typeof own === 'string' && own !== '' ? own.slice(0, 128) : undefined;
}
