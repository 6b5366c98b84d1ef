import type { WireItem } from './wire.js';

/** What `flush()` resolves to: the state of delivery, in items, since the process started. */
export interface Receipt {
  /** Acknowledged by the collector. */
  delivered: number;
  /** Still in memory. */
  queued: number;
  /** Safe on disk, sent by this process later or by the next start. */
  spooled: number;
  /** Lost, by reason. */
  dropped: number;
  dropped_by_reason: Record<string, number>;
  /** Refused by the collector, in its own words, most recent last (at most 20). */
  rejected: { id?: string; reason: string }[];
  /** Whether everything recorded so far is delivered or on disk. */
  complete: boolean;
}

/**
 * The seam between recording and delivery. `add` takes finished, immutable items; it never throws, never blocks.
 *
 * An item is serialised by `seal` (redaction, truncation, JSON: the one choke point, see seal.ts) when its batch is made,
 * or when it goes to disk, never before.
 */
export interface Outbox {
  /** `approximateBytes` counts against the memory bound until the item is sealed. */
  add(item: WireItem, approximateBytes: number): void;
  /** Resolves when everything added before the call is acknowledged or on disk, or when the time is up. Never rejects. */
  flush(options?: { timeoutMs?: number }): Promise<Receipt>;
  shutdown(options?: { timeoutMs?: number }): Promise<Receipt>;
  receipt(): Receipt;
}
