import { type Run, type RunOptions, run } from './run.js';
import { withRun } from './with-run.js';

/** Runs that belong together. Made by {@link session}. */
export interface Session {
  readonly sessionId: string;
  /** A run of this session. */
  run(options?: Omit<RunOptions, 'sessionId'>): Run;
  /** `withRun` with a run of this session. */
  withRun<T>(options: Omit<RunOptions, 'sessionId'>, fn: (run: Run) => T): T;
}

/**
 * A handle whose runs share a session id and the defaults given with it.
 *
 * @example
 * ```ts
 * const chat = session('chat-42', { conversational: true, userId: 'u-7' });
 * const r = chat.run();
 * ```
 */
export function session(id: string, defaults: Omit<RunOptions, 'sessionId'> = {}): Session {
  const options = (own: Omit<RunOptions, 'sessionId'> = {}): RunOptions => ({
    ...defaults,
    ...own,
    sessionId: id,
  });
  return {
    sessionId: id,
    run: (own) => run(options(own)),
    withRun: (own, fn) => withRun(options(own), fn),
  };
}
