import { type Bag, ownData } from './own-data.js';

/** What an error of the client says about a model call. */
export interface CallError {
  outcome: 'error' | 'cancelled' | 'timed_out';
  error: unknown;
  metadata: Record<string, unknown>;
}

const TIMEOUT = 'APIConnectionTimeoutError';
const ABORT = 'APIUserAbortError';

/** Tells an abort and a timeout from other failures. By name and message: several copies of the client have several classes. */
export function readError(error: unknown): CallError {
  const holder = (typeof error === 'object' && error !== null ? error : {}) as Bag;
  const kind = className(error);
  const message = typeof holder.message === 'string' ? holder.message : '';
  const metadata: Record<string, unknown> = {};
  if (kind !== undefined && kind !== 'Error' && kind !== 'Object') metadata.error_type = kind;
  if (typeof holder.status === 'number') metadata.http_status = holder.status;
  if (typeof holder.code === 'string') metadata.error_code = holder.code;
  const requestId = holder.requestID ?? holder.request_id;
  if (typeof requestId === 'string') metadata.request_id = requestId;
  const aborted = kind === ABORT || ownData(error, 'name') === 'AbortError' || holder.name === 'AbortError';
  if (aborted || message === 'Request was aborted.') return { outcome: 'cancelled', error, metadata };
  if (kind === TIMEOUT || message.startsWith('Request timed out'))
    return { outcome: 'timed_out', error, metadata };
  return { outcome: 'error', error, metadata };
}

function className(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const made = error.constructor;
  return typeof made === 'function' ? made.name || undefined : undefined;
}
