import { isObject } from './accept-fields.js';
import { RequestProblem } from './body.js';
import { BodyError, findItems } from './body-items.js';
import type { Limits } from './limits.js';

/** A span with its attributes as plain values. */
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  scope: string;
  /** ISO-8601 with microseconds; undefined when the span has no readable time. */
  start: string | undefined;
  end: string | undefined;
  failed: boolean;
  message: string | undefined;
  attributes: Map<string, unknown>;
  resource: Map<string, unknown>;
}

/** Reads an OTLP/HTTP JSON body (ExportTraceServiceRequest). Spans without ids are left out. */
export function readSpans(body: Buffer, limits: Limits): Span[] {
  let request: unknown;
  try {
    const [whole] = findItems(body);
    if (whole && whole.depth > limits.maxDepth) {
      throw new BodyError(
        `the body is nested ${whole.depth} levels deep: at most ${limits.maxDepth} are read`,
      );
    }
    request = JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    throw new RequestProblem(
      400,
      'body_not_readable',
      `not readable as OTLP JSON: ${(error as Error).message.slice(0, 300)}`,
      'body',
    );
  }
  if (!isObject(request) || !Array.isArray(request.resourceSpans)) {
    throw new RequestProblem(
      400,
      'body_not_readable',
      '"resourceSpans" is missing: send an OTLP ExportTraceServiceRequest',
      'resourceSpans',
    );
  }
  const spans: Span[] = [];
  for (const resourceSpans of arrayOf(request.resourceSpans)) {
    const resource = attributesOf(
      isObject(resourceSpans.resource) ? resourceSpans.resource.attributes : undefined,
    );
    for (const scopeSpans of arrayOf(resourceSpans.scopeSpans)) {
      const scope = isObject(scopeSpans.scope) ? textOf(scopeSpans.scope.name) : undefined;
      for (const span of arrayOf(scopeSpans.spans)) {
        const read = readSpan(span, scope ?? '', resource);
        if (read) spans.push(read);
      }
    }
  }
  return spans;
}

function readSpan(
  span: Record<string, unknown>,
  scope: string,
  resource: Map<string, unknown>,
): Span | undefined {
  const traceId = textOf(span.traceId);
  const spanId = textOf(span.spanId);
  if (!traceId || !spanId) return undefined;
  const status = isObject(span.status) ? span.status : {};
  const exception = arrayOf(span.events)
    .filter((event) => event.name === 'exception')
    .map((event) => attributesOf(event.attributes).get('exception.message'))
    .find((message) => typeof message === 'string');
  const failed = status.code === 2 || status.code === 'STATUS_CODE_ERROR';
  return {
    traceId,
    spanId,
    parentSpanId: textOf(span.parentSpanId) || undefined,
    name: textOf(span.name) ?? '',
    scope,
    start: nanosToIso(span.startTimeUnixNano),
    end: nanosToIso(span.endTimeUnixNano),
    failed,
    message: textOf(status.message) || (failed ? (exception as string | undefined) : undefined),
    attributes: attributesOf(span.attributes),
    resource,
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const arrayOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

function attributesOf(list: unknown): Map<string, unknown> {
  const attributes = new Map<string, unknown>();
  for (const { key, value } of arrayOf(list)) {
    if (typeof key === 'string') attributes.set(key, anyValue(value));
  }
  return attributes;
}

/** OTLP's AnyValue. 64-bit integers are texts by the standard and numbers in practice. */
function anyValue(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  if ('stringValue' in value) return value.stringValue;
  if ('boolValue' in value) return value.boolValue;
  if ('intValue' in value) return Number(value.intValue);
  if ('doubleValue' in value) return Number(value.doubleValue);
  if ('arrayValue' in value)
    return isObject(value.arrayValue) ? arrayOf(value.arrayValue.values).map(anyValue) : [];
  if ('kvlistValue' in value) {
    return isObject(value.kvlistValue) ? Object.fromEntries(attributesOf(value.kvlistValue.values)) : {};
  }
  return value.bytesValue;
}

function nanosToIso(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  let nanos: bigint;
  try {
    nanos = BigInt(value);
  } catch {
    return undefined;
  }
  const ms = Number(nanos / 1_000_000n);
  if (ms <= 0 || ms > 8.64e15) return undefined;
  const micros = Number((nanos / 1000n) % 1000n);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}
