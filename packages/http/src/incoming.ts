import { readBaggage } from './baggage.js';
import type { PropagationOptions, RequestInfo } from './options.js';
import { readTraceParent } from './traceparent.js';

/** What the caller's headers say about where the request belongs. */
export interface Caller {
  /** The run to nest in, only where the caller is trusted. */
  parent?: { runId: string; toolCallId?: string | undefined };
  sessionId?: string | undefined;
  metadata?: Record<string, unknown>;
}

/**
 * Reads `traceparent` and `baggage`. An internet client controls both: by default they are only noted, and a run joins another
 * one's only for a caller that `trust` names.
 */
export function incoming(request: RequestInfo, options: PropagationOptions = {}): Caller {
  const { accept = 'link', trust } = options;
  if (accept === false) return {};
  const trace = readTraceParent(request.header('traceparent'));
  const { runId, toolCallId, sessionId } = readBaggage(request.header('baggage'));
  if (!trace && !runId) return {};
  const metadata: Record<string, unknown> = {};
  if (trace) {
    metadata.trace_id = trace.traceId;
    metadata.parent_span_id = trace.spanId;
  }
  if (!runId) return { metadata };
  if (accept === 'join' && isTrusted(trust, request)) {
    return { parent: { runId, toolCallId }, sessionId, metadata };
  }
  return { metadata: { ...metadata, caller_run_id: runId } };
}

function isTrusted(trust: PropagationOptions['trust'], request: RequestInfo): boolean {
  try {
    return trust?.(request) === true;
  } catch {
    return false;
  }
}
