import type { Outcome } from '@observatory/core/recorder';
import { bag, text } from './reading.js';

export interface Failure {
  outcome: Outcome;
  error: unknown;
}

/** LangGraph steers by exceptions: interrupts, jumps to a parent graph. They are no failures. */
export const isBubbleUp = (error: unknown): boolean => bag(error).is_bubble_up === true;

const ABORTS = new Set(['AbortError', 'ModelAbortError', 'APIUserAbortError']);
const TIMEOUTS = new Set(['TimeoutError', 'NodeTimeoutError', 'APIConnectionTimeoutError']);
/** LangChain and its clients lose the name on the way; the whole message is matched, never a part of it. */
const ABORT_MESSAGES =
  /^(Abort|AbortError|Aborted|Request was aborted\.?|This operation was aborted|The operation was aborted\.?|Model invocation was aborted\.?)$/;

/** How something ended that LangChain reports as an error. The error may be anything, undefined included. */
export function readFailure(error: unknown): Failure {
  const { name, message, code } = bag(error);
  if (isBubbleUp(error)) {
    return { outcome: name === 'ParentCommand' ? 'ok' : 'interrupted', error: undefined };
  }
  if (TIMEOUTS.has(String(name))) return { outcome: 'timed_out', error };
  if (
    ABORTS.has(String(name)) ||
    code === 'ABORT_ERR' ||
    ABORT_MESSAGES.test(typeof error === 'string' ? error : (text(message) ?? ''))
  ) {
    return { outcome: 'cancelled', error };
  }
  return { outcome: 'error', error: error ?? 'The run failed without saying why.' };
}

/** The socket closed in the middle of an answer: what undici throws then. */
export const brokeOff = (error: unknown): boolean =>
  bag(error).name === 'TypeError' && bag(error).message === 'terminated';
