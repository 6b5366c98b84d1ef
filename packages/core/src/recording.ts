import { iso, nextSeq, timeWith, toMs } from './clock.js';
import type { SentContents } from './content-refs.js';
import { outbox } from './current-outbox.js';
import { misuse, report } from './diagnostics.js';
import { type ContentList, OWNER, type Owner, type Unsealed } from './seal.js';
import { isObject, messageOf, plainCopy, toText } from './snapshot.js';
import { OUTCOME_ORDER, type Outcome, type StatusCode, type WireItem } from './wire.js';

/** What a run and everything in it share. */
export interface Ledger {
  readonly runId: string;
  /** From the monotonic to the wall clock, for every time inside the run. */
  readonly offset: number;
  /** False for a run that was sampled out or recorded while disabled: everything is taken and nothing kept. */
  readonly recorded: boolean;
  /** True while the run is only to be recorded if something happens in it, and nothing has. Nothing leaves until then. */
  readonly lazy: boolean;
  readonly sentContents: SentContents;
  /** Told what a step heard and said, for a run that takes its own prompt and response from there. */
  heard(step: Recording, field: string, value: unknown): void;
}

type Item = Unsealed & Record<string, unknown>;
export type RecordingIds =
  | { type: 'run'; run_id: string }
  | { type: 'step'; run_id: string; step_id: string }
  | { type: 'tool_call'; run_id: string; tool_call_id: string };

/** How much an item takes beside its texts. */
const ITEM_BYTES = 256;

/**
 * What a run, a step and a tool call have in common: fields that collect in an item until it is sealed, a start, one end,
 * and amendments after it.
 */
export class Recording implements Owner {
  readonly ids: RecordingIds;
  readonly ledger: Ledger;
  readonly startMs: number;
  endMs: number | undefined;
  outcome: Outcome | undefined;
  /** What the host pinned with `endTime()` and `status()`. */
  pinnedEndMs: number | undefined;
  pinnedCode: number | undefined;
  metadata: Record<string, unknown> | undefined;
  /** What is not sealed yet. */
  item: Item | undefined;
  /** When something of it last left, on the monotonic clock. */
  publishedAt = 0;
  private bytes = 0;
  private waiting = false;

  constructor(ids: RecordingIds, ledger: Ledger, startTime: unknown) {
    this.ids = ids;
    this.ledger = ledger;
    this.startMs = startTime === undefined ? timeWith(ledger.offset) : this.readTime(startTime, 'startTime');
    this.begin().start_time = this.startMs;
  }

  get ended(): boolean {
    return this.endMs !== undefined;
  }

  get sentContents(): SentContents {
    return this.ledger.sentContents;
  }

  sealed(): void {
    this.item = undefined;
    this.waiting = false;
    this.bytes = 0;
  }

  private begin(): Item {
    const item = { ...this.ids, seq: nextSeq() } as unknown as Item;
    item[OWNER] = this;
    this.bytes = ITEM_BYTES;
    this.item = item;
    return item;
  }

  /** Sets a field. `undefined` and `null` change nothing. */
  set(field: string, value: unknown, bytes = 16): void {
    if (value === undefined || value === null) return;
    this.put(field, value, bytes);
    if (this.ids.type === 'step') this.ledger.heard(this, field, value);
    if (this.ended || this.waiting || outbox().eager) this.publish(false);
  }

  private put(field: string, value: unknown, bytes: number): void {
    if (!this.ledger.recorded) return;
    const item = this.item ?? this.begin();
    item[field] = value;
    this.bytes += bytes;
  }

  setText(field: string, text: string | undefined): void {
    if (text !== undefined) this.set(field, text, text.length);
  }

  /** Text as it is; anything else as JSON text, as it is now. */
  setAsText(field: string, value: unknown): void {
    if (value !== undefined && value !== null) this.setText(field, toText(value));
  }

  setContents(field: 'messages' | 'output' | 'tool_definitions', list: ContentList, bytes = 0): void {
    if (typeof list !== 'function') for (const json of list) bytes += json.length;
    this.set(field, list, bytes);
  }

  setNumber(field: string, value: unknown): void {
    if (value === undefined || value === null) return;
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) this.set(field, number);
    else {
      misuse({
        kind: 'invalid-number',
        message: `${field} is ${messageOf(value)}, not a finite number; it was left out.`,
        runId: this.ledger.runId,
      });
    }
  }

  /** Later keys win. What was sent before is sent again: a field replaces as a whole. */
  mergeMetadata(records: readonly unknown[]): void {
    for (const record of records) {
      if (record === undefined || record === null) continue;
      if (!isObject(record) || Array.isArray(record)) {
        misuse({
          kind: 'invalid-metadata',
          message: `metadata takes objects of names and values, not ${messageOf(record)}; it was left out.`,
          runId: this.ledger.runId,
        });
        continue;
      }
      this.metadata = { ...this.metadata, ...(plainCopy(record) as Record<string, unknown>) };
    }
    if (this.metadata) this.set('metadata', this.metadata, 64 * Object.keys(this.metadata).length);
  }

  pinStatus(code: unknown, message?: unknown): void {
    if (code === 0 || code === 2) this.pinnedCode = code;
    else {
      misuse({
        kind: 'invalid-status',
        message: `status() takes 0 (ok) or 2 (error), not ${messageOf(code)}; ${code === 1 ? '0' : '2'} is recorded.`,
        runId: this.ledger.runId,
      });
      this.pinnedCode = code === 1 ? 0 : 2;
    }
    if (message !== undefined && message !== null) this.setText('status_message', messageOf(message));
    if (this.ended) this.finish(this.pinnedCode === 2 ? 'error' : 'ok');
  }

  pinEnd(time: unknown): void {
    this.pinnedEndMs = this.readTime(time, 'endTime');
    if (this.ended) {
      this.endMs = Math.max(this.pinnedEndMs, this.startMs);
      this.set('end_time', this.endMs);
    }
  }

  /** Ends it, or makes the outcome of something ended worse; never better. */
  finish(outcome: Outcome, message?: string, endMs?: number, soon = false): void {
    const worse =
      this.outcome === undefined || OUTCOME_ORDER.indexOf(outcome) > OUTCOME_ORDER.indexOf(this.outcome);
    if (this.endMs === undefined || endMs !== undefined) {
      this.endMs = Math.max(this.pinnedEndMs ?? endMs ?? timeWith(this.ledger.offset), this.startMs);
      this.put('end_time', this.endMs, 16);
    }
    if (worse) {
      this.outcome = outcome;
      this.put('outcome', outcome, 16);
      this.put('status_code', statusOf(outcome), 16);
      if (message) this.put('status_message', message, message.length);
    }
    this.publish(soon);
  }

  /** Hands what was recorded to the outbox. */
  publish(soon: boolean): void {
    if (!this.ledger.recorded || this.ledger.lazy) return;
    const item = this.item;
    if (!item) return;
    this.waiting = true;
    this.publishedAt = performance.now();
    outbox().add(item as unknown as WireItem, this.bytes, soon);
  }

  /** Says that a run nobody heard of lately is still alive. */
  heartbeat(): void {
    if (!this.item) this.begin();
    this.publish(false);
  }

  private readTime(time: unknown, option: string): number {
    const ms = toMs(time);
    if (ms !== undefined) return ms;
    const now = timeWith(this.ledger.offset);
    misuse({
      kind: 'invalid-time',
      message: `${option} is ${messageOf(time)}, not a valid Date or ISO-8601 time; ${iso(now)} (now) is recorded.`,
      runId: this.ledger.runId,
    });
    return now;
  }
}

export const statusOf = (outcome: Outcome): StatusCode =>
  outcome === 'error' || outcome === 'incomplete' || outcome === 'timed_out' ? 2 : 0;

/** The end of something whose status the host may have pinned. */
export const outcomeOf = (recording: Recording): Outcome => (recording.pinnedCode === 2 ? 'error' : 'ok');

/** Runs our own bookkeeping: what fails in it is reported, never thrown at the host, unless it is misuse under `strict`. */
export function failOpen(runId: string | undefined, work: () => void): void {
  try {
    work();
  } catch (error) {
    failed(error, runId);
  }
}

export function failed(error: unknown, runId: string | undefined): void {
  if (isObject(error) && error.name === 'ObservatoryError') throw error;
  report({
    kind: 'internal',
    message: `Recording failed: ${messageOf(error)}`,
    cause: error,
    ...(runId === undefined ? {} : { runId }),
  });
}

/** What `work` makes, or, when a host's options cannot even be read, what `fallback` makes. */
export function recover<T>(runId: string | undefined, work: () => T, fallback: () => T): T {
  let made: { value: T } | undefined;
  failOpen(runId, () => {
    made = { value: work() };
  });
  return made ? made.value : fallback();
}

/** An id as text; undefined for none or an unusable one. */
export function readId(id: unknown, option: string): string | undefined {
  if (id === undefined || id === null) return undefined;
  const text =
    typeof id === 'string' ? id : typeof id === 'number' || typeof id === 'bigint' ? String(id) : '';
  if (text !== '') return text;
  misuse({
    kind: 'invalid-id',
    message: `${option} is ${messageOf(id) || 'an empty string'}; pass a non-empty string. It was left out.`,
  });
  return undefined;
}

/** @internal Where a run keeps what it records. */
export const STATE: unique symbol = Symbol.for('observatory.state.v1');

/** @internal Where a step or tool call keeps what it records, and its run. */
export const RECORDING: unique symbol = Symbol.for('observatory.recording.v1');
export const OWNER_RUN: unique symbol = Symbol.for('observatory.run.v1');
/** @internal How Node asks a value for what console.log shows of it. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');
