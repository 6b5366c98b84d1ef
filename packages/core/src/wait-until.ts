/** Where serverless platforms keep the request at hand. Both are read by their own frameworks' `waitUntil`. */
const CONTEXTS = ['@vercel/request-context', '@next/request-context'].map((name) => Symbol.for(name));

interface RequestContext {
  waitUntil?: (promise: Promise<unknown>) => void;
}

/** The platform's request, where there is one: a function that is frozen once it has answered. */
export function requestContext(): RequestContext | undefined {
  for (const symbol of CONTEXTS) {
    const holder = (globalThis as unknown as Record<symbol, { get?: () => RequestContext | undefined }>)[
      symbol
    ];
    const context = holder?.get?.();
    if (typeof context?.waitUntil === 'function') return context;
  }
  return undefined;
}

/** Asks the platform, once per request and per flush, not to freeze before `flushed` settles. */
export function createWaitUntil(flushed: () => Promise<unknown>): () => void {
  const waiting = new WeakSet<RequestContext>();
  return () => {
    const context = requestContext();
    if (!context || waiting.has(context)) return;
    waiting.add(context);
    try {
      context.waitUntil?.(flushed().finally(() => waiting.delete(context)));
    } catch {
      // A platform that no longer takes promises for this request: natural delivery goes on.
    }
  };
}
