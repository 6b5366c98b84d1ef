import type { Outcome, StatusCode } from '@observatory/core/wire';
import type { Merged } from './merge.js';

/** How a merged run, step or tool call ended by its own items; undefined while it runs. */
export function endedOutcome(merged: Merged): Outcome | undefined {
  if (merged.outcome !== undefined) return merged.outcome;
  if (merged.fields.end_us === undefined) return undefined;
  return merged.fields.status_code === 2 ? 'error' : 'ok';
}

export const isFailure = (outcome: Outcome | undefined): boolean =>
  outcome === 'error' || outcome === 'incomplete' || outcome === 'timed_out';

export const statusOf = (outcome: Outcome): StatusCode => (isFailure(outcome) ? 2 : 0);
