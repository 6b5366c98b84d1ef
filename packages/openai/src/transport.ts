import type { AsyncLocalStorage } from 'node:async_hooks';
import { shared } from '@observatory/core/recorder';
import type { RequestBody } from './request-body.js';

/** What the client's own request hook tells about a call on its way out. */
export interface OutgoingCall {
  /** One attempt is about to be sent. The body is as it goes over the wire. */
  attempt(body: RequestBody): void;
}

interface ProcessLike {
  getBuiltinModule?: (name: string) => { AsyncLocalStorage?: new () => AsyncLocalStorage<OutgoingCall> };
}

/**
 * Which call the client's code is working on, from `post()` down to `fetch`. Shared by every copy of this package, so that
 * an observed `fetch` below an observed client knows that the call is being recorded already. Undefined where the runtime
 * has no asynchronous context; then attempts are not counted.
 */
const storage = shared<{ current: AsyncLocalStorage<OutgoingCall> | undefined }>('openai.transport', () => {
  try {
    const { process } = globalThis as { process?: ProcessLike };
    const AsyncContext = process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage;
    return { current: AsyncContext ? new AsyncContext() : undefined };
  } catch {
    return { current: undefined };
  }
});

export function withinCall<T>(call: OutgoingCall, fn: () => T): T {
  return storage.current ? storage.current.run(call, fn) : fn();
}

export function currentCall(): OutgoingCall | undefined {
  return storage.current?.getStore();
}
