import { report, type Scope, shared } from '@observatory/core/recorder';
import { ambientInvocationId, watchAmbientInvocation } from './ambient-parent.js';
import { HANDLER_NAME, type HandlerOptions, ObservatoryCallbackHandler } from './callback-handler.js';
import { everyCallbackManager } from './callback-manager-copies.js';
import { hostScope } from './model-scope.js';
import { bag, readable } from './reading.js';
import type { Origin } from './start.js';

export interface InstrumentOptions extends HandlerOptions {
  /** LangChain's `CallbackManager`, for apps that bundle their dependencies: in a bundle it cannot be found. */
  CallbackManager?: unknown;
}

/** The wrapper stays when the instrumentation is turned off: somebody else may have wrapped it in the meantime. */
const active = shared<{ options: HandlerOptions | undefined }>('langchain.instrumented', () => ({
  options: undefined,
}));

const WRAPPED = Symbol.for('observatory.langchain.wrapped.v1');

/**
 * Records everything that LangChain and LangGraph do in this process, without passing a handler anywhere: also where code
 * passes `callbacks: []`, in timers, in servers that were created before, and in CommonJS. Handlers, callbacks and results
 * of the host stay as they are. Calling it again merges the options.
 *
 * @returns a function that turns it off
 *
 * @example
 * ```ts
 * instrumentLangChain();
 * const answer = await agent.invoke({ messages: [{ role: 'user', content: 'Hello' }] });
 * ```
 */
export function instrumentLangChain(options: InstrumentOptions = {}): () => void {
  const { CallbackManager, ...handlerOptions } = options;
  active.options = { ...active.options, ...handlerOptions };
  watchAmbientInvocation();
  if (CallbackManager !== undefined) wrap(CallbackManager);
  else if (everyCallbackManager(wrap) === 0) {
    report({
      kind: 'langchain-not-found',
      message:
        'instrumentLangChain() found no @langchain/core to record. Install it, or pass it: instrumentLangChain({ CallbackManager }) with the class from @langchain/core/callbacks/manager.',
    });
  }
  return () => {
    active.options = undefined;
  };
}

type Configure = (this: unknown, inherited: unknown, local: unknown, ...rest: unknown[]) => unknown;

/** Every call of LangChain's, and every graph of LangGraph's, takes its callbacks from this one static method. */
function wrap(CallbackManager: unknown): void {
  const owner = CallbackManager as { _configureSync?: Configure & { [WRAPPED]?: boolean } } | undefined;
  const original = readable(() => owner?._configureSync);
  if (!owner || typeof original !== 'function') {
    report({
      kind: 'langchain-unknown-version',
      message:
        'This CallbackManager has no _configureSync() to hook into; pass `callbacks: [new ObservatoryCallbackHandler()]` instead, or use @langchain/core 0.3 or 1.x.',
    });
    return;
  }
  if (original[WRAPPED]) return;
  const wrapper: Configure & { [WRAPPED]?: boolean } = function (inherited, local, ...rest) {
    let callbacks: Callbacks = { inherited, local };
    if (active.options) {
      try {
        callbacks = withHandler(callbacks, active.options, rest[4]);
      } catch {
        callbacks = { inherited, local };
      }
    }
    return original.call(this, callbacks.inherited, callbacks.local, ...rest);
  };
  wrapper[WRAPPED] = true;
  owner._configureSync = wrapper;
}

interface Callbacks {
  inherited: unknown;
  local: unknown;
}

interface Manager {
  handlers?: readonly unknown[];
  copy?: (handlers: unknown[], inherit: boolean) => unknown;
}

const isOurs = (handler: unknown): handler is ObservatoryCallbackHandler =>
  bag(handler).name === HANDLER_NAME;

/** Puts a handler into a call that has none. Nothing the caller passed is changed: arrays and managers are copied. */
function withHandler({ inherited, local }: Callbacks, options: HandlerOptions, settings: unknown): Callbacks {
  if (inherited !== undefined && inherited !== null && !Array.isArray(inherited)) {
    const manager = inherited as Manager;
    const known = manager.handlers?.some(isOurs) || (Array.isArray(local) && local.some(isOurs));
    return known || typeof manager.copy !== 'function'
      ? { inherited, local }
      : { inherited: manager.copy([boundHandler(options, settings)], true), local };
  }
  const handlers: readonly unknown[] = Array.isArray(inherited) ? inherited : [];
  // A handler of the host's own learns what only this place knows, too.
  const own = handlers.find(isOurs);
  if (own) {
    const bound = boundHandler(options, settings, own);
    return { inherited: handlers.map((handler) => (isOurs(handler) ? bound : handler)), local };
  }
  if (Array.isArray(local)) {
    const ofConstructor = local.find(isOurs);
    if (ofConstructor) {
      const bound = boundHandler(options, settings, ofConstructor);
      return { inherited, local: local.map((handler) => (isOurs(handler) ? bound : handler)) };
    }
  }
  return { inherited: [...handlers, boundHandler(options, settings)], local };
}

function boundHandler(
  { metadataKeys = [], ...details }: HandlerOptions,
  settings: unknown,
  own?: ObservatoryCallbackHandler,
): ObservatoryCallbackHandler {
  const given: Origin = own?.origin ?? { details, metadataKeys };
  const scope: Scope | undefined = hostScope();
  return ObservatoryCallbackHandler.bound({
    ...given,
    scope,
    parentId: readable(ambientInvocationId),
    configurable: bag(bag(settings).tracerInheritableMetadata),
  });
}
