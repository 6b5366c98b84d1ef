import { type TracedOptions, traced } from '@observatory/core';
import { keepMetadata } from './keep-metadata.js';

/** Options of `traced`; the name is by default the method's, which no bundler shortens. */
export type ObserveOptions = TracedOptions;

type Fn = (...args: never[]) => unknown;

/** Decorates methods by either standard, and by the current one also fields that hold a function. */
export interface ObserveDecorator {
  <Value extends Fn>(
    value: Value,
    context: { readonly kind: 'method'; readonly name: string | symbol },
  ): Value;
  (
    value: undefined,
    context: { readonly kind: 'field'; readonly name: string | symbol },
  ): <Value extends Fn>(initial: Value) => Value;
  /** `experimentalDecorators`, e.g. NestJS. */
  <Value extends Fn>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Value>,
  ): TypedPropertyDescriptor<Value>;
}

/** What Babel's legacy decorators pass for a field. */
type LegacyDescriptor = PropertyDescriptor & { initializer?: () => unknown };

/**
 * Records each call of a method as a run, a step or a tool call, and leaves the method otherwise as it is: sync stays sync, and
 * `this`, generators, streams and promises of any kind stay what they are.
 *
 * One decorator for both standards: TC39 decorators and TypeScript's `experimentalDecorators`. Beside NestJS' decorators the order
 * does not matter.
 *
 * @example
 * ```ts
 * class Flights {
 *   @observe({ as: 'tool', name: 'search_flights' })
 *   async search(to: string) {
 *     return this.api.search(to);
 *   }
 * }
 * ```
 */
export function observe(options: ObserveOptions = {}): ObserveDecorator {
  const wrap = (fn: Fn, key: unknown): Fn => {
    const wrapped = traced(fn, { ...options, name: options.name ?? nameOf(key) });
    keepMetadata(fn, wrapped);
    return wrapped;
  };
  const decorate = (value: unknown, context: unknown, descriptor?: LegacyDescriptor): unknown =>
    isContext(context) ? byStandard(value, context) : byLegacy(context, descriptor);

  const byStandard = (value: unknown, { kind, name }: Context): unknown => {
    if (kind === 'method') return wrap(value as Fn, name);
    if (kind === 'field') return (initial: unknown) => (isFunction(initial) ? wrap(initial, name) : initial);
    throw unfit(`a ${kind}`, name);
  };
  const byLegacy = (key: unknown, descriptor: LegacyDescriptor | undefined): unknown => {
    if (descriptor && isFunction(descriptor.value)) {
      descriptor.value = wrap(descriptor.value, key);
      return descriptor;
    }
    if (descriptor && isFunction(descriptor.initializer)) {
      const { initializer } = descriptor;
      descriptor.initializer = function (this: unknown) {
        const initial = (initializer as () => unknown).call(this);
        return isFunction(initial) ? wrap(initial, key) : initial;
      };
      return descriptor;
    }
    throw unfit(key === undefined ? 'a class' : descriptor ? 'an accessor' : 'a field', key);
  };
  return decorate as ObserveDecorator;
}

interface Context {
  kind: string;
  name: string | symbol;
}

const isContext = (value: unknown): value is Context =>
  typeof value === 'object' && value !== null && typeof (value as Context).kind === 'string';

const isFunction = (value: unknown): value is Fn => typeof value === 'function';

const nameOf = (key: unknown): string =>
  typeof key === 'symbol' ? (key.description ?? 'anonymous') : String(key);

const unfit = (what: string, key: unknown): TypeError =>
  new TypeError(
    `@observe() is for methods${key === undefined ? '' : `; ${nameOf(key)} is ${what}`}. Wrap the function itself with traced() instead.`,
  );
