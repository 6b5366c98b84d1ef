import { ownData, ownText } from './own-data.js';

/** What an error of the client says about a model call. */
export interface CallError {
  outcome: 'error' | 'cancelled' | 'timed_out';
  message: string;
  metadata: Record<string, unknown>;
}

const TIMEOUT = 'APIConnectionTimeoutError';
const ABORT = 'APIUserAbortError';

/**
 * Tells an abort and a timeout from other failures, by name and message: several copies of the client have several classes.
 * Errors may be the host's own, so they are read like every other object of the host's.
 */
export function readError(error: unknown): CallError {
  const kind = className(error);
  const message = ownText(error, 'message') ?? (typeof error === 'string' ? error : '');
  const metadata: Record<string, unknown> = {};
  if (kind !== undefined && kind !== 'Error' && kind !== 'Object') metadata.error_type = kind;
  const status = ownData(error, 'status');
  if (typeof status === 'number') metadata.http_status = status;
  const code = ownText(error, 'code');
  if (code !== undefined) metadata.error_code = code;
  const requestId = ownText(error, 'requestID') ?? ownText(error, 'request_id');
  if (requestId !== undefined) metadata.request_id = requestId;
  const said = {
    message: [kind === 'Error' ? undefined : kind, message].filter(Boolean).join(': '),
    metadata,
  };
  if (kind === ABORT || kind === 'AbortError' || ownText(error, 'name') === 'AbortError')
    return { outcome: 'cancelled', ...said };
  if (message === 'Request was aborted.') return { outcome: 'cancelled', ...said };
  if (kind === TIMEOUT || message.startsWith('Request timed out')) return { outcome: 'timed_out', ...said };
  return { outcome: 'error', ...said };
}

function className(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (typeof DOMException === 'function' && error instanceof DOMException) return error.name;
  // A Proxy gives nothing away here, as everywhere.
  if (ownData(error, 'stack') === undefined && ownData(error, 'message') === undefined) return undefined;
  const made = ownData(Object.getPrototypeOf(error), 'constructor');
  return typeof made === 'function' ? made.name || undefined : undefined;
}
