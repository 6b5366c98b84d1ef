import type { Run } from '@observatory/core';
import { report, type Scope, shared } from '@observatory/core/recorder';
import { activeSpan } from './active-span.js';
import { writeBaggage } from './baggage.js';
import { record } from './record.js';
import { writeTraceParent } from './traceparent.js';

/** What undici's channel publishes when it makes a request. */
interface UndiciRequest {
  origin?: unknown;
  headers?: unknown;
  addHeader(name: string, value: string): unknown;
}

interface Channels {
  subscribe(name: string, listener: (message: unknown) => void): void;
}

/**
 * The headers that tell another service about the run the code stands in: `traceparent` and `baggage`. Empty outside any run.
 * The other service nests its runs here when it accepts them with `propagation: { accept: 'join', trust }`.
 *
 * Send them only to services of your own: they carry the run's and the session's id.
 *
 * @example
 * ```ts
 * await fetch('https://tools.internal/search', { method: 'POST', body, headers: { ...propagationHeaders() } });
 * ```
 */
export function propagationHeaders(): Record<string, string> {
  const scope = record.scope();
  if (!scope) return {};
  const headers: Record<string, string> = { baggage: baggageOf(scope) };
  // OpenTelemetry propagates its own span by itself.
  if (!activeSpan()) headers.traceparent = traceParentOf(scope.run);
  return headers;
}

const baggageOf = ({ run, toolCall }: Scope): string =>
  writeBaggage({
    runId: run.runId,
    ...(toolCall ? { toolCallId: toolCall.toolCallId } : {}),
    ...(record.sessionOf(run) === undefined ? {} : { sessionId: record.sessionOf(run) as string }),
  });

function traceParentOf(run: Run): string {
  const hex = run.runId.replaceAll('-', '').toLowerCase();
  const random = crypto.randomUUID().replaceAll('-', '');
  // A UUID is a trace id: the same run is the same trace wherever it calls.
  const traceId = /^[0-9a-f]{32}$/.test(hex) && /[1-9a-f]/.test(hex) ? hex : random;
  return writeTraceParent({ traceId, spanId: random.slice(8, 24), sampled: true });
}

const origins = shared<{ subscribed: boolean; listed: Set<string | RegExp> }>('http.inject', () => ({
  subscribed: false,
  listed: new Set(),
}));

/**
 * Lets every `fetch` to one of these origins carry the headers. Node's fetch announces its requests; where no one does (Bun,
 * Deno, Workers), requests go out without them and `propagationHeaders()` is the way.
 */
export function injectInto(list: readonly (string | RegExp)[]): void {
  for (const origin of list) origins.listed.add(typeof origin === 'string' ? originOf(origin) : origin);
  if (origins.subscribed) return;
  origins.subscribed = true;
  const channels = (
    globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  ).process?.getBuiltinModule?.('node:diagnostics_channel') as Channels | undefined;
  if (!channels) {
    report({
      kind: 'http-inject',
      message:
        'propagation.inject has no effect on this runtime; pass propagationHeaders() to fetch instead.',
    });
    return;
  }
  channels.subscribe('undici:request:create', (message) => {
    try {
      inject((message as { request: UndiciRequest }).request);
    } catch {
      // A request that takes no headers any more goes out as it is.
    }
  });
}

function inject(request: UndiciRequest): void {
  if (!isListed(String(request.origin))) return;
  // The host passed propagationHeaders() by itself.
  if (String(request.headers).includes('observatory.run_id')) return;
  for (const [name, value] of Object.entries(propagationHeaders())) request.addHeader(name, value);
}

function isListed(origin: string): boolean {
  for (const one of origins.listed) {
    if (typeof one === 'string') {
      if (one === origin) return true;
    } else {
      one.lastIndex = 0;
      if (one.test(origin)) return true;
    }
  }
  return false;
}

function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    report({
      kind: 'http-inject',
      message: `propagation.inject lists ${JSON.stringify(url)}, which is no origin; write e.g. https://tools.internal.`,
    });
    return url;
  }
}
