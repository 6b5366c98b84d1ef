interface SpanContext {
  traceId: string;
  spanId: string;
}

interface OpenTelemetryApi {
  context?: {
    active?(): { getValue?(key: symbol): { spanContext?(): SpanContext } | undefined };
  };
}

const API = Symbol.for('opentelemetry.js.api.1');
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');

/** The span that OpenTelemetry, where the process runs it, has active. */
export function activeSpan(): SpanContext | undefined {
  const api = (globalThis as unknown as Record<symbol, OpenTelemetryApi | undefined>)[API];
  if (!api) return undefined;
  try {
    const span = api.context?.active?.().getValue?.(SPAN)?.spanContext?.();
    return span && /[1-9a-f]/.test(span.traceId) ? span : undefined;
  } catch {
    return undefined;
  }
}
