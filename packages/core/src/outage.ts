import type { Failure, Problem } from './answer.js';
import type { Diagnostic } from './diagnostics.js';
import { pauseAfter } from './retry.js';
import type { Schedule } from './schedule.js';

/** A time in which the collector takes nothing: when to try again, and one diagnostic at each end of it. */
export interface Outage {
  readonly open: boolean;
  /** No request before this time on the monotonic clock. */
  readonly retryAt: number;
  failed(failure: Failure, waiting: number): void;
  ended(waiting: number): void;
  /** Somebody waits: try now, unless the collector itself asked for time. */
  hurry(): void;
  /** How much of `bound` somebody should still wait: an outage slows a host down once, not at each run. */
  patience(bound: number): number;
}

/** These pass by themselves more often than not: said only when the second attempt fails too. */
const PASSING: readonly Problem[] = ['collector-busy', 'collector-failing'];

export function createOutage(deps: {
  schedule: Schedule;
  random: () => number;
  report: (diagnostic: Diagnostic) => void;
  debug?: (line: string) => void;
  settings: { readonly url: string; readonly apiKey: string | undefined };
}): Outage {
  const { schedule, settings } = deps;
  let failures = 0;
  let since = 0;
  let retryAt = 0;
  let asked = false;
  let reported: Problem | undefined;
  let destination = '';

  return {
    get open() {
      return failures > 0;
    },
    get retryAt() {
      // Whoever mends the configuration need not wait.
      return destination === `${settings.url} ${settings.apiKey}` ? retryAt : 0;
    },
    failed(failure, waiting) {
      const now = schedule.now();
      destination = `${settings.url} ${settings.apiKey}`;
      if (failures++ === 0) since = now;
      const slow = failure.kind === 'misconfigured';
      const retryAfterMs = failure.kind === 'later' ? failure.retryAfterMs : undefined;
      asked = retryAfterMs !== undefined;
      const pause = pauseAfter(failures, { slow, retryAfterMs, random: deps.random });
      retryAt = now + pause;
      deps.debug?.(
        `${failure.problem} (${failure.words}): ${waiting} items wait, again in ${Math.round(pause)} ms`,
      );
      if (reported === failure.problem) return;
      if (failures === 1 && PASSING.includes(failure.problem)) return;
      reported = failure.problem;
      deps.report({
        kind: failure.problem,
        message: `The collector at ${settings.url} takes nothing: ${failure.words}. ${hint(failure.problem)}${waiting} ${waiting === 1 ? 'item waits' : 'items wait'}; delivery goes on trying.`,
        count: waiting,
      });
    },
    ended(waiting) {
      if (reported) {
        deps.report({
          kind: 'collector-reachable',
          message: `The collector at ${settings.url} takes items again; ${waiting} ${waiting === 1 ? 'is' : 'are'} on the way.`,
          count: waiting,
        });
      }
      failures = 0;
      retryAt = 0;
      reported = undefined;
    },
    hurry() {
      if (!asked) retryAt = 0;
    },
    patience(bound) {
      return failures === 0 ? bound : Math.min(bound, since + bound - schedule.now());
    },
  };
}

function hint(problem: Problem): string {
  return problem === 'collector-unreachable'
    ? 'Start one with `npx @observatory/collector`, or set url. '
    : '';
}
