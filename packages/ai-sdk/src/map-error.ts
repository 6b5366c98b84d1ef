import { messageOf, type Outcome } from '@observatory/core/recorder';
import { type Fields, fields, text } from './plain.js';

/** How an error ends a call, from its name: the host's abort is not a failure, its time-out is one. */
export function outcomeOf(error: unknown): Outcome {
  const name = nameOf(error);
  if (name === 'TimeoutError') return 'timed_out';
  if (name === 'AbortError' || name === 'ResponseAborted') {
    return nameOf(fields(error).cause) === 'TimeoutError' ? 'timed_out' : 'cancelled';
  }
  return 'error';
}

const nameOf = (error: unknown): string => text(fields(error).name) ?? '';

/** What an error says. Its text can quote the prompt or the answer, so it goes where content may go. */
export const errorText = (error: unknown, recordText: boolean): string =>
  recordText ? messageOf(error) : (text(fields(error).name) ?? 'Error');

/** The facts in an error of a provider. */
export function errorFacts(error: unknown): Fields {
  const { statusCode, reason, errors, isRetryable, lastError } = fields(error);
  const facts: Fields = {};
  const status = statusCode ?? fields(lastError).statusCode;
  if (typeof status === 'number') facts.status_code = status;
  if (typeof isRetryable === 'boolean') facts.retryable = isRetryable;
  if (Array.isArray(errors) && typeof reason === 'string') facts.retry_reason = reason;
  return facts;
}
