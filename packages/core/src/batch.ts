import type { Parcel } from './courier.js';
import type { Stored } from './segment.js';
import type { WireItem } from './wire.js';

/** What one request carries at most: the collector commits it in one transaction, and a lost request costs one resend. */
export const MAX_BATCH_BYTES = 1024 * 1024;
export const MAX_BATCH_ITEMS = 500;

/** Somebody who waits for batches to be settled. */
export interface Waiter {
  /** Batches that are not settled yet, plus one until the last of them is known. */
  left: number;
  /** Whether data on disk is good enough while the collector is still being tried. */
  diskWillDo: boolean;
  done(): void;
}

/** Sealed items that travel together. */
export interface Batch {
  /** JSON texts; undefined while they are only on disk. */
  lines: string[] | undefined;
  count: number;
  /** UTF-16 units of all lines. */
  bytes: number;
  /** When the oldest item was recorded, on the monotonic clock. */
  since: number;
  stored: Stored | undefined;
  waiters: Waiter[];
  /** It tells the collector about losses, and is not itself counted. */
  lossReport: boolean;
  /** It had to leave a full spool once, as the oldest: put back, it would push out what is newer. */
  evicted: boolean;
  /** How often the collector failed over it. */
  failures: number;
  /** The body of its request, made ready before its turn. */
  packed?: Promise<Parcel> | undefined;
}

export function createBatch(lines: string[], since: number, stored?: Stored, waiters: Waiter[] = []): Batch {
  let bytes = 0;
  for (const line of lines) bytes += line.length;
  return {
    lines,
    count: lines.length,
    bytes,
    since,
    stored,
    waiters,
    lossReport: false,
    evicted: false,
    failures: 0,
  };
}

/** Whether one request carries no more than this. */
export const isWhole = (items: number, bytes: number): boolean =>
  items >= MAX_BATCH_ITEMS || bytes >= MAX_BATCH_BYTES;

/** Appends `more` to `batch` where both fit into one request and one file. */
export function extend(batch: Batch, more: Batch): boolean {
  if (!batch.lines || !more.lines || batch.stored?.segment !== more.stored?.segment) return false;
  if (batch.count + more.count > MAX_BATCH_ITEMS || batch.bytes + more.bytes > MAX_BATCH_BYTES) return false;
  for (const line of more.lines) batch.lines.push(line);
  for (const number of more.stored?.numbers ?? []) batch.stored!.numbers.push(number);
  batch.count += more.count;
  batch.bytes += more.bytes;
  return true;
}

/** The body of a request: a single item travels bare. */
export function bodyOf(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  if (lines.length === 1) return encode(lines[0]!);
  return encodeBatch(lines) ?? encode(`${HEAD}${lines.join(',')}${TAIL}`);
}

const HEAD = '{"type":"batch","items":[';
const TAIL = ']}';

function encode(text: string): Uint8Array<ArrayBuffer> {
  return typeof Buffer === 'function' ? Buffer.from(text) : new TextEncoder().encode(text);
}

/**
 * Writes the lines where the socket or the compressor will read them, once. Joining them first and leaving the encoding to
 * the socket costs ten times as much. undefined when a line is not all ASCII: then its length in bytes is not known.
 */
function encodeBatch(lines: readonly string[]): Uint8Array<ArrayBuffer> | undefined {
  if (typeof Buffer !== 'function') return undefined;
  let size = HEAD.length + TAIL.length + lines.length - 1;
  for (const line of lines) size += line.length;
  // With room to spare, so that text that is not ASCII shows by its length and never by being cut off.
  const bytes = Buffer.allocUnsafeSlow(size + 8);
  let at = bytes.write(HEAD, 'latin1');
  for (let i = 0; i < lines.length; i++) {
    if (i > 0) bytes[at++] = 0x2c;
    const line = lines[i]!;
    if (bytes.write(line, at) !== line.length) return undefined;
    at += line.length;
  }
  bytes.write(TAIL, at, 'latin1');
  return bytes.subarray(0, size);
}

/** Two halves of a batch that is too large or holds something the collector refuses; who waits, waits for both. */
export function halves(batch: Batch & { lines: string[] }): [Batch, Batch] {
  const middle = batch.lines.length >> 1;
  const part = (from: number, to: number) => {
    const { stored } = batch;
    const half = createBatch(
      batch.lines.slice(from, to),
      batch.since,
      stored && { segment: stored.segment, numbers: stored.numbers.slice(from, to) },
      [...batch.waiters],
    );
    half.lossReport = batch.lossReport;
    half.evicted = batch.evicted;
    return half;
  };
  for (const waiter of batch.waiters) waiter.left++;
  return [part(0, middle), part(middle, batch.count)];
}

export function settle(waiters: Waiter[]): void {
  for (const waiter of waiters) if (--waiter.left === 0) waiter.done();
  waiters.length = 0;
}

/** Runs among sealed items, for loss reports. `type` is the first member of every item. */
export function countRuns(lines: readonly string[]): number {
  let runs = 0;
  for (const line of lines) if (line.startsWith('{"type":"run"')) runs++;
  return runs;
}

/** Sealing runs the host's own redaction. */
export function sealSafely(seal: (item: WireItem) => string[], item: WireItem): string[] {
  try {
    return seal(item);
  } catch {
    return [];
  }
}

/** Items that were recorded and not sealed yet. The same item may be added many times; it keeps its place. */
export interface Pending {
  add(item: WireItem, bytes: number): void;
  /** Seals the oldest items, as many as one batch takes. */
  take(): string[];
  readonly size: number;
  /** Estimate of the unsealed items' size. */
  readonly bytes: number;
}

export function createPending(seal: (item: WireItem) => string[], onNothing: () => void): Pending {
  // Keyed by identity: an item collects what is recorded until it is sealed, so the newest estimate is the right one.
  const items = new Map<WireItem, number>();
  let bytes = 0;
  return {
    add(item, estimate) {
      bytes += estimate - (items.get(item) ?? 0);
      items.set(item, estimate);
    },
    take() {
      const lines: string[] = [];
      let length = 0;
      for (const [item, estimate] of items) {
        items.delete(item);
        bytes -= estimate;
        const sealed = sealSafely(seal, item);
        if (sealed.length === 0) onNothing();
        for (const line of sealed) {
          lines.push(line);
          length += line.length;
        }
        if (isWhole(lines.length, length)) break;
      }
      return lines;
    },
    get size() {
      return items.size;
    },
    get bytes() {
      return bytes;
    },
  };
}
