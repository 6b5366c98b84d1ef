import { type Scope, within } from './ambient.js';
import { follow, type Settled } from './follow.js';
import { outcomeOf, STATE } from './recording.js';
import { run as openRun, type Run, type RunOptions } from './run.js';
import { CHILDREN_WAIT_MS } from './run-state.js';
import { isObject, messageOf } from './snapshot.js';

/**
 * Runs `fn` with a run as the ambient one: whatever it calls, also after an await, in timers and inside generators and
 * streams it returns, attaches to that run.
 *
 * Given a run, that run is left open. Given options, a run is opened, ended when `fn` settles (as an error if it throws or
 * rejects), and what `fn` returns is returned as it is.
 *
 * @example
 * ```ts
 * const answer = await withRun({ name: 'support-agent', sessionId }, async (run) => {
 *   run.prompt(question);
 *   const answer = await agent(question);
 *   run.response(answer);
 *   return answer;
 * });
 * ```
 */
export function withRun<T>(run: Run | RunOptions, fn: (run: Run) => T): T {
  if (isRun(run)) {
    const scope: Scope = { run };
    const enter = <R>(work: () => R): R => within(scope, work);
    return follow(
      enter(() => fn(run)),
      enter,
      () => {},
    );
  }
  const opened = openRun(run);
  const scope: Scope = { run: opened };
  const enter = <R>(work: () => R): R => within(scope, work);
  let result: T;
  try {
    result = enter(() => fn(opened));
  } catch (error) {
    endRun(opened, { failed: true, error });
    throw error;
  }
  return follow(result, enter, (end) => endRun(opened, end));
}

/** A run of another copy of this package has the same shape but another class. */
const isRun = (value: Run | RunOptions): value is Run => isObject(value) && STATE in value;

/** Ends a run that a function was running in. A host that ended it by hand before is right. */
export function endRun(run: Run, end: Settled): void {
  const state = run[STATE];
  if (state.recording.ended) return;
  if (end.failed) state.end('error', messageOf(end.error), 'error');
  else {
    const outcome = end.cancelled ? 'cancelled' : outcomeOf(state.recording);
    void state.endAfterChildren(outcome, undefined, CHILDREN_WAIT_MS);
  }
}
