import type { Parcel } from './courier.js';
import type { Stored } from './segment.js';

/** What one request carries at most: the collector commits it in one transaction, and a lost request costs one resend. */
export const MAX_BATCH_BYTES = 1024 * 1024;
export const MAX_BATCH_ITEMS = 500;

/** Sealed items that travel together. */
export interface Batch {
  /** JSON texts; undefined while they are only on disk. */
  lines: string[] | undefined;
  count: number;
  /** UTF-16 units of all lines. */
  bytes: number;
  /** When the oldest item was recorded, on the monotonic clock. */
  since: number;
  /** When it was sealed, for those who wait: see `join` in stock.ts. */
  epoch: number;
  stored: Stored | undefined;
  /** It tells the collector about losses, and is not itself counted. */
  lossReport?: boolean;
  /** It had to leave a full spool once, as the oldest: put back, it would push out what is newer. */
  evicted?: boolean;
  /** How often the collector failed over it. */
  failures: number;
  /** The body of its request, made ready before its turn. */
  packed?: Promise<Parcel> | undefined;
}

export const createBatch = (lines: string[], since: number, epoch: number, stored?: Stored): Batch => ({
  lines,
  count: lines.length,
  bytes: lengthOf(lines),
  since,
  epoch,
  stored,
  failures: 0,
});

function lengthOf(lines: readonly string[]): number {
  let length = 0;
  for (const line of lines) length += line.length;
  return length;
}

/** Whether one request carries no more than this. */
export const isWhole = (items: number, bytes: number): boolean =>
  items >= MAX_BATCH_ITEMS || bytes >= MAX_BATCH_BYTES;

/** Appends `more` to `batch` where both fit into one request and one file. */
export function extend(batch: Batch, more: Batch): boolean {
  const { stored } = batch;
  if (!batch.lines || !more.lines || stored?.segment !== more.stored?.segment) return false;
  if (stored && stored.end !== more.stored?.offset) return false;
  if (batch.count + more.count > MAX_BATCH_ITEMS || batch.bytes + more.bytes > MAX_BATCH_BYTES) return false;
  for (const line of more.lines) batch.lines.push(line);
  if (stored && more.stored) {
    stored.end = more.stored.end;
    stored.count += more.count;
  }
  batch.count += more.count;
  batch.bytes += more.bytes;
  return true;
}

/** The halves of a batch that is too large or holds something the collector refuses; one item stays whole. */
export function halves(batch: Batch & { lines: string[] }): Batch[] {
  const { count, stored } = batch;
  const part = (from: number, to: number): Batch => {
    const lines = batch.lines.slice(from, to);
    return {
      ...batch,
      lines,
      count: lines.length,
      bytes: lengthOf(lines),
      failures: 0,
      stored: stored && { ...stored, from: stored.from + from, count: lines.length },
    };
  };
  return count > 1 ? [part(0, count >> 1), part(count >> 1, count)] : [part(0, count)];
}

/** Runs among sealed items, for loss reports. `type` is the first member of every item. */
export function countRuns(lines: readonly string[]): number {
  let runs = 0;
  for (const line of lines) if (line.startsWith('{"type":"run"')) runs++;
  return runs;
}
