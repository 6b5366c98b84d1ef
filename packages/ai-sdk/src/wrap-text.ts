import type { Call } from './call.js';
import { otherIntegrations } from './instrument-ai-sdk.js';
import { labelsOf } from './observe.js';
import { type Fields, fields, isFields, list } from './plain.js';
import { quietly } from './quietly.js';
import { record } from './record.js';
import { callWith, telemetryOf } from './sdk-call.js';
import { hostTracer, teeTracer } from './tee-tracer.js';
import { resolveModel, watchModel } from './watch-model.js';

type Callback = (event: unknown) => unknown;
type Text = (options: Fields) => unknown;

/** `generateText` and `streamText` of SDK 5 and 6. */
export function wrapText(name: string, original: Text, ai: Fields): Text {
  return (options) => {
    const call = isFields(options) ? callWith(`ai.${name}`, options) : undefined;
    if (!call) return original(options);
    const streamed = name === 'streamText';
    return runText(call, streamed, () => original(observedOptions({ call, ai, options, streamed })));
  };
}

/** Runs a call whose end is its promise's, or, streamed, that of its callbacks. */
export function runText(call: Call, streamed: boolean, start: () => unknown): unknown {
  let result: unknown;
  try {
    // What the host calls in its own callbacks, prepareStep for one, belongs to the run.
    result = call.owned ? record.within({ run: call.run }, start) : start();
  } catch (error) {
    quietly(() => call.fail(error));
    throw error;
  }
  if (!(result instanceof Promise)) return result;
  return result.then(
    (value: unknown) => {
      if (!streamed) quietly(() => finish(call, fields(value)));
      return value;
    },
    (error: unknown) => {
      quietly(() => call.fail(error));
      throw error;
    },
  );
}

function finish(call: Call, result: Fields): void {
  for (const step of list(result.steps).slice(call.completed)) call.completeStep(fields(step));
  call.end();
}

export interface ObservedCall {
  call: Call;
  ai: Fields;
  /** What the host calls with. */
  options: Fields;
  /** What the host's agent was made with. */
  settings?: Fields;
  streamed: boolean;
}

/** The options of a call with our own model, tracer and callbacks in them. */
export function observedOptions({ call, ai, options, settings = {}, streamed }: ObservedCall): Fields {
  const all = { ...settings, ...options };
  const resolved = resolveModel(all.model, 'languageModel', ai);
  const watched = watchModel(resolved, call);
  const observed: Fields = {
    ...options,
    model: watched,
    experimental_telemetry: observedTelemetry(call, all),
  };
  const callbacks: Record<string, Callback> = {
    onStepFinish: (step) => call.completeStep(fields(step)),
    ...(streamed
      ? {
          onFinish: () => call.end(),
          onAbort: () => call.abort(stopOf(call, options)?.reason),
          onError: (event) => call.fail(fields(event).error),
        }
      : {}),
  };
  for (const [name, own] of Object.entries(callbacks)) {
    // Whether a callback of the call replaces the agent's or joins it differs between versions: the agent's stays alone.
    if (settings[name] !== undefined) continue;
    observed[name] = chain(own, options[name] ?? (name === 'onError' ? logError : undefined));
  }
  const prepare = (all.prepareStep ?? all.experimental_prepareStep) as Callback | undefined;
  if (typeof prepare === 'function') {
    const prepared = async (step: unknown) => {
      const { model: current, ...rest } = fields(step);
      const result = await prepare({ ...rest, model: current === watched ? resolved : current });
      const next = fields(result).model;
      return next === undefined
        ? result
        : {
            ...fields(result),
            model: next === resolved ? watched : watchModel(resolveModel(next, 'languageModel', ai), call),
          };
    };
    if (all.prepareStep) observed.prepareStep = prepared;
    else observed.experimental_prepareStep = prepared;
  }
  return observed;
}

/** What the SDK does with an error that nobody listens to. */
const logError = ({ error }: { error: unknown }): void => console.error(error);

function chain(own: (event: unknown) => void, host: unknown): Callback {
  return (event) => {
    quietly(() => own(event));
    return typeof host === 'function' ? (host(event) as unknown) : undefined;
  };
}

/** The signal that stopped the call, if one did. */
function stopOf(call: Call, options: Fields): AbortSignal | undefined {
  const signals = [call.step?.signal, options.abortSignal as AbortSignal | undefined];
  return signals.find((signal) => signal?.aborted);
}

function observedTelemetry(call: Call, options: Fields): Fields {
  const given = telemetryOf(options);
  const host = hostTracer(given);
  const { integrations: _, ...telemetry } = given;
  const own = labelsOf(given)?.integrations ?? (labelsOf(given) ? undefined : given.integrations);
  // Nobody else reads it: the SDK need not turn prompts and answers into text.
  const silent = !host && own === undefined && otherIntegrations().length === 0;
  return {
    ...telemetry,
    ...(own === undefined ? {} : { integrations: own }),
    isEnabled: true,
    ...(silent ? { recordInputs: false, recordOutputs: false } : {}),
    tracer: teeTracer(call, host, () => streamOver(call, options)),
  };
}

/** The SDK is through with a stream: usually it has said so before. */
function streamOver(call: Call, options: Fields): void {
  queueMicrotask(() => {
    quietly(() => {
      if (call.finished) return;
      const stop = stopOf(call, options);
      if (stop) call.abort(stop.reason);
      else call.end();
    });
  });
}
