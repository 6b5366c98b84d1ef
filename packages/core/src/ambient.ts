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
  /** What a framework knows about the place, e.g. the node of a graph: goes into the metadata of steps made there. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

type Store = Pick<AsyncLocalStorage<Scope | undefined>, 'getStore' | 'run' | 'enterWith'>;

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
    // Nothing would ever leave the scope again.
    enterWith: () => {},
  };
}

const store = shared<Store>('ambient', () => {
  const Storage =
    builtin('node:async_hooks')?.AsyncLocalStorage ??
    (globalThis as { AsyncLocalStorage?: new () => AsyncLocalStorage<Scope | undefined> }).AsyncLocalStorage;
  if (!Storage) return synchronousStore();
  const created = new Storage<Scope | undefined>();
  // Before Node 24 a store follows promises only from its first use on: entered before that, a scope would stay everywhere.
  created.run({} as Scope, () => {});
  return created;
});

/**
 * Where the code stands by the account of a framework that keeps an async context of its own, given where it stands by
 * ours. Undefined when the framework knows nothing, or less.
 */
export type ScopeSource = (scope: Scope | undefined) => Scope | undefined;

const sources = shared<Set<ScopeSource>>('ambient.sources', () => new Set());

/** Lets a framework's own context decide where code stands that runs inside it. Returns the way back. */
export function addScopeSource(source: ScopeSource): () => void {
  sources.add(source);
  return () => {
    sources.delete(source);
  };
}

export function currentScope(): Scope | undefined {
  let scope = store.getStore();
  if (sources.size === 0) return scope;
  for (const source of sources) {
    try {
      scope = source(scope) ?? scope;
    } catch {
      // A framework of another version than the one the source was written for.
    }
  }
  return scope;
}

/** The scope that our own context holds, whatever frameworks say. */
export const enteredScope = (): Scope | undefined => store.getStore();

/**
 * The rest of the current async function, and what it calls, stands in `scope`. For frameworks that announce a call but give
 * no function to run it in; the caller of that async function keeps its own scope.
 */
export function enterScope(scope: Scope | undefined): void {
  try {
    store.enterWith(scope);
  } catch {
    // Workers have no enterWith.
  }
}

/** The async context itself, for tracing channels that can carry it; undefined where there is none. */
export const asyncStorage = (): AsyncLocalStorage<Scope | undefined> | undefined =>
  'exit' in store ? (store as AsyncLocalStorage<Scope | undefined>) : undefined;

export const within = <R>(scope: Scope | undefined, fn: () => R): R => store.run(scope, fn);

/**
 * The run that the calling code belongs to, or undefined outside any.
 *
 * @example
 * ```ts
 * currentRun()?.metadata({ tenant: 'acme' });
 * ```
 */
export const currentRun = (): Run | undefined => currentScope()?.run;

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
  const scope = currentScope();
  return function (this: This, ...args: Args): R {
    return store.run(scope, () => fn.apply(this, args));
  };
}
