import { OUTCOME_ORDER, type Outcome } from '@observatory/core/wire';

/**
 * The merge rule of wire.ts: what is stored for an id is a pure function of the set of its items, so neither their order
 * nor duplication nor how they were batched matters.
 *
 * - per field the item with the highest `seq` wins;
 * - `start_us` is fixed by the item with the lowest `seq`;
 * - `outcome` is the strongest any item named;
 * - an item without `seq` counts as 0, in order of arrival; an identical one is a duplicate.
 */
export interface Merged {
  fields: Fields;
  /** The seq that set a field, where it is not 0. */
  seqs: Record<string, number>;
  /** The seq that fixed `start_us`. */
  startSeq?: number;
  outcome?: Outcome;
  /** Seqs already merged, as closed ranges in ascending order. */
  seen: [from: number, to: number][];
  /** Fingerprints of merged items that had no seq, newest last. */
  unnumbered: string[];
}

/** Normalised members of an item; undefined never appears. */
export type Fields = { [name: string]: unknown };

export interface Amendment {
  seq?: number;
  /** Identifies an item without seq among its like. */
  fingerprint: string;
  fields: Fields;
  outcome?: Outcome;
}

/** A client that never numbers its items and amends one id without end must not grow its row without end. */
const MAX_FINGERPRINTS = 64;

export const emptyMerged = (): Merged => ({ fields: {}, seqs: {}, seen: [], unnumbered: [] });

/** Merges one item in place. Returns the names of the fields whose value may have changed, or null for a duplicate. */
export function amend(merged: Merged, item: Amendment): string[] | null {
  if (item.seq === undefined) {
    if (merged.unnumbered.includes(item.fingerprint)) return null;
    merged.unnumbered.push(item.fingerprint);
    if (merged.unnumbered.length > MAX_FINGERPRINTS) merged.unnumbered.shift();
  } else if (!addToRanges(merged.seen, item.seq)) {
    return null;
  }
  const seq = item.seq ?? 0;
  const changed: string[] = [];
  for (const [name, value] of Object.entries(item.fields)) {
    if (name === 'start_us') {
      if (merged.startSeq !== undefined && merged.startSeq <= seq) continue;
      merged.startSeq = seq;
    } else {
      if (name in merged.fields && (merged.seqs[name] ?? 0) > seq) continue;
      if (seq > 0) merged.seqs[name] = seq;
    }
    merged.fields[name] = value;
    changed.push(name);
  }
  if (item.outcome !== undefined) {
    const outcome = strongerOutcome(merged.outcome, item.outcome);
    if (outcome !== merged.outcome) {
      merged.outcome = outcome;
      changed.push('outcome');
    }
  }
  return changed;
}

/** Of two outcomes the one further right in OUTCOME_ORDER. */
export function strongerOutcome(a: Outcome | undefined, b: Outcome): Outcome {
  return a !== undefined && OUTCOME_ORDER.indexOf(a) >= OUTCOME_ORDER.indexOf(b) ? a : b;
}

/** Adds a number to ascending closed ranges, joining neighbours. False when it was in already. */
function addToRanges(ranges: [number, number][], value: number): boolean {
  let at = ranges.length;
  while (at > 0 && ranges[at - 1]![0] > value) at--;
  const before = at > 0 ? ranges[at - 1]! : undefined;
  const after = at < ranges.length ? ranges[at]! : undefined;
  if (before && before[1] >= value) return false;
  const joinsBefore = before !== undefined && before[1] + 1 === value;
  const joinsAfter = after !== undefined && after[0] - 1 === value;
  if (joinsBefore && joinsAfter) {
    before[1] = after[1];
    ranges.splice(at, 1);
  } else if (joinsBefore) before[1] = value;
  else if (joinsAfter) after[0] = value;
  else ranges.splice(at, 0, [value, value]);
  return true;
}
