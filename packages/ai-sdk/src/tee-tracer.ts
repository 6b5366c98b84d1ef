import type { Call } from './call.js';
import { type Fields, fields, isFields, text } from './plain.js';
import { quietly } from './quietly.js';
import { record } from './record.js';

type Method = (...args: unknown[]) => unknown;
type Span = Record<string, Method>;

/** What the SDK needs of OpenTelemetry's tracers. */
export interface Tracer {
  startSpan: Method;
  startActiveSpan: Method;
}

/**
 * A tracer for one call of SDK 5 or 6. It hears when a tool is executed and when the call is over, whatever became of the
 * async context on the way, and passes everything on to the host's own tracer where there is one.
 */
export function teeTracer(call: Call, host: Tracer | undefined, over: () => void): Tracer {
  return {
    startSpan: (...args) => (host ? host.startSpan(...args) : QUIET_SPAN),
    startActiveSpan(...args) {
      const fn = args.at(-1) as (span: Span) => unknown;
      const name = text(args[0]) ?? '';
      const attributes = fields(fields(args[1]).attributes);
      const observed = (span: Span): unknown => {
        if (name === 'ai.toolCall') return executed(call, attributes, span, fn);
        return fn(name === 'ai.streamText' ? heard(span, 'end', over) : span);
      };
      return host ? host.startActiveSpan(...args.slice(0, -1), observed) : observed(QUIET_SPAN);
    },
  };
}

/** Runs a tool where what it calls belongs to it. */
function executed(call: Call, attributes: Fields, span: Span, fn: (span: Span) => unknown): unknown {
  const id = text(attributes['ai.toolCall.id']) ?? '';
  let scope: ReturnType<typeof call.tools.scope>;
  quietly(() => {
    const step = call.stepAsking(id);
    const asked = step?.partial.calls.find(({ toolCallId }) => toolCallId === id) ?? call.broughtAlong(id);
    call.tools.start(
      { toolCallId: id, toolName: attributes['ai.toolCall.name'], input: inputOf(asked) },
      step?.step,
    );
    scope = call.tools.scope(id);
  });
  if (!scope) return fn(span);
  let thrown: unknown;
  const listening = heard(span, 'recordException', (error) => {
    thrown = error;
  });
  const running = record.within(scope, () => fn(listening));
  if (!(running instanceof Promise)) return running;
  return running.then((output: unknown) => {
    quietly(() => {
      if (isFields(output) && typeof output.type === 'string') call.tools.end(output);
      // Some versions hand the result on themselves: it stands in the content of the step, if there ever is one.
      else if (thrown !== undefined) call.tools.end({ type: 'tool-error', toolCallId: id, error: thrown });
      else call.tools.executed(id);
    });
    return output;
  });
}

function inputOf(part: Fields | undefined): unknown {
  const input = part?.input ?? part?.args;
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return input;
  }
}

/** A span that tells of one of its methods. */
function heard(span: Span, method: string, tell: (argument: unknown) => void): Span {
  return new Proxy(span, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result = Reflect.apply(value, target, args) as unknown;
        if (key === method) quietly(() => tell(args[0]));
        return result;
      };
    },
  });
}

const chained = () => QUIET_SPAN;

/** A span that nobody reads. */
const QUIET_SPAN: Span = {
  spanContext: () => ({ traceId: '', spanId: '', traceFlags: 0 }),
  setAttribute: chained,
  setAttributes: chained,
  addEvent: chained,
  addLink: chained,
  addLinks: chained,
  setStatus: chained,
  updateName: chained,
  end: () => undefined,
  isRecording: () => false,
  recordException: () => undefined,
};

/** The tracer the SDK would use: the one it is given, or the process's own. */
export function hostTracer(telemetry: Fields): Tracer | undefined {
  if (telemetry.isEnabled !== true) return undefined;
  if (isFields(telemetry.tracer)) return telemetry.tracer as unknown as Tracer;
  const api = fields((globalThis as Fields)[Symbol.for('opentelemetry.js.api.1') as unknown as string]);
  const provider = fields(api.trace);
  const { getTracer } = provider;
  return typeof getTracer === 'function' ? (Reflect.apply(getTracer, provider, ['ai']) as Tracer) : undefined;
}
