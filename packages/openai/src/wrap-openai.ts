import { recorder as createRecorder, type Recorder, report } from '@observatory/core/recorder';
import { backgroundObserver } from './background.js';
import type { ImplicitRunOptions } from './implicit-run.js';
import { ModelCall, type ObservedClient } from './model-call.js';
import { defineHidden, isBag, ownData } from './own-data.js';
import { RequestBody } from './request-body.js';
import { observeRunTools } from './run-tools.js';
import { responseIdOf, surfaceOf } from './surface.js';
import { tapPromise } from './tap-promise.js';
import { currentCall, type OutgoingCall, withinCall } from './transport.js';
import { SDK } from './version.js';

export interface WrapOptions extends ImplicitRunOptions {
  /** Names the provider of a compatible server; by default it is told from the client's base URL. */
  provider?: string;
}

/** Also found through another vendor's Proxy and through a prototype, so that nothing is ever observed twice. */
const OBSERVED = Symbol.for('observatory.openai.observed');

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Records a step per model call of an OpenAI client, in the ambient run or in a run of its own, with the tool calls the
 * model asked for and the results the next request brings. The same client is returned and behaves as before; wrapping
 * twice is wrapping once. Takes every client that speaks the protocol through the `openai` package from version 4 to 7,
 * `AzureOpenAI` and subclasses included. Anything else is returned untouched, with one diagnostic.
 *
 * @param options name, session, user, tags and metadata for the runs of calls made outside any run
 * @example
 * ```ts
 * import OpenAI from 'openai';
 * import { wrapOpenAI } from '@observatory/openai';
 *
 * const client = wrapOpenAI(new OpenAI());
 * ```
 */
export function wrapOpenAI<T extends object>(client: T, options: WrapOptions = {}): T {
  return observeClient(client, options, createRecorder(SDK));
}

/** `wrapOpenAI` with the recorder given. */
export function observeClient<T extends object>(client: T, options: WrapOptions, recorder: Recorder): T {
  try {
    let found = false;
    for (const target of targetsOf(client)) if (observe(target, options, recorder)) found = true;
    if (!found)
      report({
        kind: 'openai-client-unknown',
        message:
          'wrapOpenAI() was given something that is not an OpenAI client: it has no post(). It is returned as it is.',
      });
  } catch (cause) {
    report({
      kind: 'openai-client-unknown',
      message: 'wrapOpenAI() could not observe this client. It is returned as it is and works as before.',
      cause,
    });
  }
  return client;
}

/** The client, and the one behind it when another vendor's wrapper hands out a copy whose resources use the original. */
function targetsOf(client: object): Set<object> {
  const targets = new Set<object>([client]);
  const chat = ownData(client, 'chat');
  for (const resource of [
    ownData(chat, 'completions'),
    ownData(client, 'responses'),
    ownData(client, 'embeddings'),
  ]) {
    const inner = ownData(resource, '_client');
    if (typeof inner === 'object' && inner !== null) targets.add(inner);
  }
  return targets;
}

function observe(target: object, options: WrapOptions, recorder: Recorder): boolean {
  const members = target as Record<PropertyKey, unknown>;
  const already = members[OBSERVED] as ObservedClient | undefined;
  if (already) {
    Object.assign(already.options, options);
    return true;
  }
  if (typeof members.post !== 'function') return false;
  const observed: ObservedClient = { recorder, client: target, options: { ...options } };
  defineHidden(target, OBSERVED, observed);
  replace(target, 'post', (original) => observedPost(observed, original));
  replace(target, 'get', observedGet);
  replace(target, 'prepareRequest', observedPrepareRequest);
  replace(target, 'withOptions', (original) => observedWithOptions(observed, original));
  observeRunTools(observed);
  return true;
}

/**
 * Puts an own method before the client's. The client's is looked up at each call, so that a host that spies on the
 * prototype or replaces a method there is obeyed as before.
 */
function replace(target: object, name: string, make: (original: () => Method) => Method): void {
  const own = ownData(target, name);
  const prototype = Object.getPrototypeOf(target) as object | null;
  const original = () =>
    (typeof own === 'function' ? own : Reflect.get(prototype ?? {}, name, target)) as Method;
  if (typeof original() === 'function') defineHidden(target, name, make(original));
}

function observedPost(observed: ObservedClient, original: () => Method): Method {
  return function post(...args) {
    const surface = surfaceOf(args[0]);
    if (surface === undefined) return listenForResponse(args[0], original().apply(this, args));
    let call: ModelCall;
    try {
      call = new ModelCall(observed, surface);
    } catch (cause) {
      report({ kind: 'openai-adapter', message: 'A model call could not be recorded.', cause });
      return original().apply(this, args);
    }
    const promise = withinCall(call, () => original().apply(this, args));
    if (tapPromise(promise, call)) call.start(args[1]);
    else call.ignore();
    return promise;
  };
}

function observedGet(original: () => Method): Method {
  return function get(...args) {
    return listenForResponse(args[0], original().apply(this, args));
  };
}

/** A poll or a cancellation may bring the end of a background response. */
function listenForResponse(path: unknown, promise: unknown): unknown {
  const responseId = responseIdOf(path);
  const observer = responseId === undefined ? undefined : backgroundObserver(responseId);
  if (observer) tapPromise(promise, observer);
  return promise;
}

/** The client's options object is one per call, across all its attempts, wherever the later ones are started from. */
const callOfOptions = new WeakMap<object, OutgoingCall>();

function observedPrepareRequest(original: () => Method): Method {
  return function prepareRequest(...args) {
    try {
      const [request, context] = args;
      const options = ownData(context, 'options');
      if (isBag(options) && surfaceOf(ownData(options, 'path')) !== undefined) {
        const call = callOfOptions.get(options) ?? currentCall();
        if (call) {
          callOfOptions.set(options, call);
          const model = ownData(ownData(options, '__metadata'), 'model');
          call.attempt(new RequestBody(ownData(options, 'body'), ownData(request, 'body'), model));
        }
      }
    } catch (cause) {
      report({
        kind: 'openai-adapter',
        message: 'A request could not be looked at; it is sent as it is.',
        cause,
      });
    }
    return original().apply(this, args);
  };
}

function observedWithOptions(observed: ObservedClient, original: () => Method): Method {
  return function withOptions(...args) {
    const clone = original().apply(this, args);
    return typeof clone === 'object' && clone !== null
      ? observeClient(clone, observed.options, observed.recorder)
      : clone;
  };
}
