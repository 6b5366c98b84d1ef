import type { Fields, Merged } from './merge.js';

/**
 * How a merged item is stored beside its fields. Nearly all come in one item, so that all fields have one seq: that is one number
 * instead of a name each, and what is empty is left out.
 */
interface Packed extends Pick<Merged, 'startSeq' | 'outcome'> {
  seqs?: number | Record<string, number>;
  seen?: Merged['seen'];
  unnumbered?: string[];
}

export function packMerged({ fields, seqs, seen, unnumbered, ...rest }: Merged): Packed {
  const packed: Packed = { ...rest };
  const common = commonSeq(fields, seqs);
  if (common === undefined) packed.seqs = seqs;
  else if (common > 0) packed.seqs = common;
  if (seen.length > 0) packed.seen = seen;
  if (unnumbered.length > 0) packed.unnumbered = unnumbered;
  return packed;
}

export function unpackMerged(packed: Packed, fields: Fields): Merged {
  const { seqs, seen = [], unnumbered = [], ...rest } = packed;
  const merged: Merged = { ...rest, fields, seqs: {}, seen, unnumbered };
  if (typeof seqs === 'object') merged.seqs = seqs;
  else if (seqs !== undefined) for (const name of seqFields(fields)) merged.seqs[name] = seqs;
  return merged;
}

/** `start_us` has a seq of its own (merge.ts). */
const seqFields = (fields: Fields): string[] => Object.keys(fields).filter((name) => name !== 'start_us');

function commonSeq(fields: Fields, seqs: Merged['seqs']): number | undefined {
  let common: number | undefined;
  for (const name of seqFields(fields)) {
    const seq = seqs[name] ?? 0;
    if (common === undefined) common = seq;
    else if (common !== seq) return undefined;
  }
  return common ?? 0;
}
