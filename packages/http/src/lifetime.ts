import { flush } from '@observatory/core';
import type { RequestRun } from './request-run.js';

export type WaitUntil = (promise: Promise<unknown>) => void;

/** A platform cuts what waits longer than 30 s after the answer. */
const WAIT_MS = 25_000;

export const onWorkers: boolean =
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers';

/**
 * Asks a platform that stops a request's code after its answer to let the run be delivered first. A run that takes longer than the
 * platform waits is delivered as far as it got.
 */
export function untilDelivered(requestRun: RequestRun, waitUntil: WaitUntil | undefined): void {
  if (!waitUntil) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, WAIT_MS);
    (timer as { unref?: () => void }).unref?.();
  });
  const delivered = Promise.race([requestRun.sent, over]).then(() => {
    clearTimeout(timer);
    return flush();
  });
  try {
    waitUntil(delivered);
  } catch {
    // A platform that no longer takes promises for this request: delivery goes on as it may.
  }
}

/** `waitUntil` of the execution context that Workers and their like pass to a handler. */
export function waitUntilOf(context: unknown): WaitUntil | undefined {
  if (typeof context !== 'object' || context === null) return undefined;
  try {
    const { waitUntil } = context as { waitUntil?: unknown };
    return typeof waitUntil === 'function' ? (promise) => waitUntil.call(context, promise) : undefined;
  } catch {
    return undefined;
  }
}
