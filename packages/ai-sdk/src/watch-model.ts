import type { Call } from './call.js';
import { mapParameters } from './map-parameters.js';
import type { ModelCall } from './model-call.js';
import { type Fields, fields, isFields, list, text } from './plain.js';
import { quietly } from './quietly.js';
import { record } from './record.js';

/** Which step a request of a model is an attempt of. */
export type StepOf = (call: Call, model: Fields, request: Fields) => ModelCall;

/** The requests that models make, by their method. */
const STEP_OF: Record<string, StepOf> = {
  doGenerate: requestStep,
  doStream: requestStep,
  doEmbed: batchStep('embedding'),
  doRerank: batchStep('rerank'),
};

/**
 * A stand-in for the host's model whose requests are steps of a call. The model itself is never touched: its methods run on
 * it, so private fields work, and a frozen one may be watched.
 */
export function watchModel<Model>(model: Model, call: Call, kind?: string): Model {
  if (!isFields(model)) return model;
  const target: Fields = model;
  const methods = new Map<PropertyKey, unknown>();
  const read = (key: PropertyKey): unknown => {
    const value = Reflect.get(target, key, target) as unknown;
    if (typeof value !== 'function') return value;
    let method = methods.get(key);
    if (!method) {
      const stepOf = typeof key === 'string' ? STEP_OF[key] : undefined;
      method = stepOf
        ? (request: unknown, ...rest: unknown[]) =>
            watched(target, value as Method, [request, ...rest], call, kind ? singleStep(kind) : stepOf)
        : value.bind(target);
      methods.set(key, method);
    }
    return method;
  };
  // Not a proxy of the model: what is read from a frozen object must be what it holds.
  const standIn = new Proxy(Object.create(Object.getPrototypeOf(target)) as Fields, {
    get: (_, key) => read(key),
    set: (_, key, value) => Reflect.set(target, key, value, target),
    has: (_, key) => Reflect.has(target, key),
    ownKeys: () => Reflect.ownKeys(target),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      if (!descriptor) return undefined;
      const { enumerable } = descriptor;
      return { value: read(key), enumerable: enumerable === true, configurable: true, writable: true };
    },
  });
  return standIn as Model;
}

type Method = (...args: unknown[]) => unknown;

async function watched(
  model: Fields,
  method: Method,
  args: unknown[],
  call: Call,
  stepOf: StepOf,
): Promise<unknown> {
  let step: ModelCall | undefined;
  quietly(() => {
    step = stepOf(call, model, fields(args[0]));
    step.attempt();
    const { abortSignal } = fields(args[0]);
    step.signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
  });
  const send = () => Reflect.apply(method, model, args);
  if (!step) return await send();
  const { scope } = step;
  try {
    const result = await record.within(scope, send);
    quietly(() => {
      if (fields(result).stream instanceof ReadableStream) step?.answered(result);
      else {
        const answer = answerOf(fields(result));
        for (const part of list(answer.content))
          if (fields(part).type === 'tool-call') step?.partial.add(part);
        step?.answer(answer);
      }
    });
    return result;
  } catch (error) {
    quietly(() => step?.attemptFailed(error));
    throw error;
  }
}

/** What models of any kind answer, as the answer of a step. */
function answerOf(result: Fields): Fields {
  if (Array.isArray(result.content)) return result;
  const words = text(result.text);
  return { ...result, content: words === undefined ? [] : [{ type: 'text', text: words }] };
}

/** A request after a failed one is a retry; after a successful one it is the next step. */
function requestStep(call: Call, model: Fields, request: Fields): ModelCall {
  if (call.retried) return call.retried;
  return call.startStep({
    provider: text(model.provider),
    modelId: text(model.modelId),
    messages: call.messages(undefined, request.prompt),
    tools: request.tools,
    parameters: mapParameters({ ...request, toolChoice: shortChoice(request.toolChoice) }, call.inputs),
  });
}

/** `auto`, which is meant when nothing is said, is not worth saying. */
function shortChoice(choice: unknown): unknown {
  const { type } = fields(choice);
  return type === 'auto' ? undefined : type === 'tool' ? choice : (type ?? choice);
}

function batchStep(kind: string): StepOf {
  return (call, model, request) => {
    const subject = request.values ?? request.documents;
    const known = call.batches.find(
      (batch) => !batch.step.over && batch.step.failure && sameBatch(batch.subject, subject),
    );
    if (known) return known.step;
    const asked = Array.isArray(request.values) ? request.values : [request.query];
    const step = call.startStep({
      kind,
      provider: text(model.provider),
      modelId: text(model.modelId),
      messages: call.messages(
        undefined,
        asked.filter((content) => typeof content === 'string').map((content) => ({ role: 'user', content })),
      ),
      parameters: mapParameters(request, call.inputs),
    });
    call.batches.push({ id: '', subject, step });
    return step;
  };
}

const sameBatch = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((value, i) => value === b[i]);

function singleStep(kind: string): StepOf {
  return (call, model, request) => {
    if (call.retried) return call.retried;
    const prompt = text(request.prompt) ?? text(request.text);
    return call.startStep({
      kind,
      provider: text(model.provider),
      modelId: text(model.modelId),
      messages: call.messages(undefined, prompt === undefined ? [] : [{ role: 'user', content: prompt }]),
      parameters: mapParameters(request, call.inputs),
    });
  };
}

/** Models that are named by text come from the provider that the SDK would ask. */
export function resolveModel(model: unknown, method: string, ai: Fields): unknown {
  if (typeof model !== 'string') return model;
  try {
    const provider = fields(
      (globalThis as { AI_SDK_DEFAULT_PROVIDER?: unknown }).AI_SDK_DEFAULT_PROVIDER ?? ai.gateway,
    );
    const make = provider[method];
    return typeof make === 'function' ? (Reflect.apply(make, provider, [model]) as unknown) : model;
  } catch {
    // The SDK says what is wrong with it.
    return model;
  }
}
