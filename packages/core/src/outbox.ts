import type { WireItem } from './wire.js';

/** What `flush()` resolves to: the state of delivery, in items, since the process started. */
export interface Receipt {
  /** Acknowledged by the collector. */
  delivered: number;
  /** Still in memory. */
  queued: number;
  /** Safe on disk, sent by this process later or by the next start. */
  spooled: number;
  /** Lost. */
  dropped: number;
  dropped_by_reason: Record<string, number>;
  /** Refused by the collector, in its own words; the newest 20. */
  rejected: { id?: string; reason: string }[];
  /** Whether everything recorded so far is delivered or on disk. */
  complete: boolean;
}

/**
 * The seam between recording and delivery. Its methods never throw into the caller and never reject.
 *
 * What is added is opaque until `seal(item)` (seal.ts: redaction, truncation, JSON; the one choke point) turns it into
 * JSON texts: the item's own, preceded by those of contents it is the first to refer to. That happens once an item, when
 * its batch is made or when it goes to disk, never in `add`.
 *
 * Until it is sealed an item goes on collecting what the host records, and is added again (the same object) each time
 * something was: `add` keeps its place and only updates size and urgency. What comes after sealing is a new item with the
 * same ids and a higher `seq` that carries the later fields alone.
 */
export interface Outbox {
  /**
   * @param bytes estimate of the item's whole size by now, counted against the memory bound until it is sealed
   * @param soon true when a run ended: what waits leaves now, in one request; false: within a second
   */
  add(item: WireItem, bytes: number, soon: boolean): void;
  /** One promise for all callers until the next batch leaves: resolves on acknowledgement, or on disk, or after `endTimeout`. */
  acknowledged(): Promise<void>;
  /** Resolves when everything added before the call is acknowledged or on disk, or when the time is up. */
  flush(options?: FlushOptions): Promise<Receipt>;
  shutdown(options?: FlushOptions): Promise<Receipt>;
  receipt(): Receipt;
  /** True in durable mode: the model then adds an item on every change, not only on ends. */
  readonly eager: boolean;
}

export interface FlushOptions {
  /** Default 5,000. */
  timeoutMs?: number;
}
