import type { Scope, Step } from '@observatory/core/recorder';
import { record } from './run-book.js';

/** The scopes of model calls that are entered here, and where the code stood before. */
const before = new WeakMap<Scope, { scope: Scope | undefined }>();

/** The provider's client runs inside the call that starts now: a wrapper around it then knows that the call is recorded. */
export function enterModelCall(scope: Scope): void {
  before.set(scope, { scope: hostScope() });
  record.enterScope(scope);
}

/**
 * Where the host has put the code. Several prompts of one `generate()` start one after the other in one context: each of
 * them but the first finds itself inside the call of another, and is not.
 */
export function hostScope(): Scope | undefined {
  let scope = record.scope();
  for (;;) {
    const own = scope && before.get(scope);
    if (!own) return scope;
    scope = own.scope;
  }
}

/** The model call that another adapter, or the host, is recording right now. */
export function outerStep(): Step | undefined {
  const step = hostScope()?.step;
  return step && !step.ended ? step : undefined;
}
