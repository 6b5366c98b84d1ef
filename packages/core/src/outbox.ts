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
 * Items are immutable once added. An item is turned into JSON by `seal()` (seal.ts: redaction, truncation, JSON; the one
 * choke point) when its batch is made or when it goes to disk.
 *
 * Per id at most one item waits unsealed: a newer item of the same id is cumulative (it repeats every field of the older)
 * and takes the older one's place.
 */
export interface Outbox {
  /**
   * @param bytes estimate of the item's size, counted against the memory bound until it is sealed
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
