import type { AsyncLocalStorage } from 'node:async_hooks';
import { builtin } from './platform.js';
import type { Run } from './run.js';
import { shared } from './shared.js';
import type { Step } from './step.js';
import type { ToolCall } from './tool-call.js';

/** Where code stands: in a run, and inside it perhaps in a step or a tool call. */
export interface Scope {
  readonly run: Run;
  /** The model call that is being made. */
  readonly step?: Step | undefined;
  /** The tool call that is being executed. */
  readonly toolCall?: ToolCall | undefined;
}

type Store = Pick<AsyncLocalStorage<Scope | undefined>, 'getStore' | 'run'>;

/** Without async context (a browser, an old edge runtime) a scope covers what runs synchronously. */
function synchronousStore(): Store {
  let current: Scope | undefined;
  return {
    getStore: () => current,
    run: <R>(scope: Scope | undefined, fn: (...args: never[]) => R, ...args: unknown[]): R => {
      const before = current;
      current = scope;
      try {
        return fn(...(args as never[]));
      } finally {
        current = before;
      }
    },
  };
}

const store = shared<Store>('ambient', () => {
  const Storage =
    builtin('node:async_hooks')?.AsyncLocalStorage ??
    (globalThis as { AsyncLocalStorage?: new () => AsyncLocalStorage<Scope | undefined> }).AsyncLocalStorage;
  return Storage ? new Storage<Scope | undefined>() : synchronousStore();
});

export const currentScope = (): Scope | undefined => store.getStore();

export const within = <R>(scope: Scope | undefined, fn: () => R): R => store.run(scope, fn);

/**
 * The run that the calling code belongs to, or undefined outside any.
 *
 * @example
 * ```ts
 * currentRun()?.metadata({ tenant: 'acme' });
 * ```
 */
export const currentRun = (): Run | undefined => store.getStore()?.run;

/**
 * A function that always runs with the run that is ambient now, whoever calls it: for event emitters, queues and callbacks
 * of pools, which call back in somebody else's context.
 *
 * @example
 * ```ts
 * emitter.on('job', bind((job) => currentRun()?.metadata({ job: job.id })));
 * ```
 */
export function bind<This, Args extends unknown[], R>(
  fn: (this: This, ...args: Args) => R,
): (this: This, ...args: Args) => R {
  const scope = store.getStore();
  return function (this: This, ...args: Args): R {
    return store.run(scope, () => fn.apply(this, args));
  };
}
