import type { Run } from '@observatory/core';
import { messageOf, recorder, report } from '@observatory/core/recorder';
import type { HttpOptions } from '@observatory/http';
import {
  aliasRequest,
  fetchRequest,
  fetchResponse,
  type NodeRequest,
  type NodeResponse,
  type RequestRun,
  requestRunOf,
  type WaitUntil,
  waitUntilOf,
  watchEnd,
} from '@observatory/http/adapter';
import type { Context, MiddlewareHandler } from 'hono';
import { routeOf } from './route.js';

const record = recorder('@observatory/hono/0.0.0');

/** What the middleware adds to the context. */
export interface ObservatoryVariables {
  /** The request's run. It is recorded only if agent work happens in the request, or somebody gives it a prompt or response. */
  run: Run;
}

/**
 * A run per request that does agent work: whatever wrapped clients, AI SDK calls and LangChain do while it is handled, and while
 * its answer is streamed, attaches to it, with the request's prompt, session and user, its route and how it ended. Other requests
 * leave no trace.
 *
 * Works on Node, Bun, Deno and Workers (with `nodejs_compat`). Mounted twice it does nothing more.
 *
 * @example
 * ```ts
 * const app = new Hono().use(observatory()).post('/chat', async (c) => {
 *   const { messages } = await c.req.json();
 *   c.var.run.metadata({ tenant: 'acme' });
 *   return streamText({ model: openai('gpt-5'), messages }).toUIMessageStreamResponse();
 * });
 * ```
 */
export function observatory(
  options: HttpOptions<Context> = {},
): MiddlewareHandler<{ Variables: ObservatoryVariables }> {
  return async function observatory(c, next) {
    const request = c.req.raw;
    const { incoming, outgoing } = nodePair(c);
    const known = requestRunOf(request) ?? (incoming && requestRunOf(incoming));
    let requestRun = known;
    try {
      requestRun ??= fetchRequest(
        request,
        c,
        options,
        {
          route: () => routeOf(c),
          identities: () => identities(c),
          ip: () => incoming?.socket?.remoteAddress,
        },
        incoming !== undefined,
      );
    } catch (error) {
      failed(error);
    }
    // Without a request's run, e.g. for a WebSocket upgrade, what is said to `c.var.run` goes nowhere.
    c.set('run', requestRun?.run ?? record.openRun({ parent: null, lazy: () => false }));
    if (!requestRun) return next();
    if (known || requestRun.entered) return requestRun.reenter(next);
    requestRun.entered = true;

    const byConnection = incoming !== undefined && outgoing !== undefined;
    if (incoming) aliasRequest(incoming, requestRun);
    if (byConnection) watchEnd(incoming, outgoing, requestRun);
    const done = requestRun.busy();
    try {
      await requestRun.enter(next);
    } catch (error) {
      // Hono answers Errors itself; anything else that is thrown reaches the server, which answers 500.
      if (!byConnection && request.signal?.aborted) requestRun.ended({ how: 'disconnected' });
      requestRun.failed(error);
      if (!byConnection) requestRun.ended({ how: 'completed', status: 500 });
      throw error;
    } finally {
      done();
    }
    try {
      if (c.error) {
        if (!byConnection && request.signal?.aborted) requestRun.ended({ how: 'disconnected' });
        requestRun.failed(c.error);
      }
      answer(c, requestRun, options, !byConnection);
    } catch {
      // The response is somebody else's by now and sent, e.g. that of a timeout around this.
      if (!byConnection) requestRun.ended({ how: 'completed' });
    }
  };
}

function answer(c: Context, requestRun: RequestRun, options: HttpOptions<Context>, ends: boolean): void {
  // Asking for a response that nobody made would make one.
  if (!c.finalized) {
    if (ends) requestRun.ended({ how: 'completed' });
    return;
  }
  const response = c.res;
  const bound = fetchResponse(c.req.raw, response, requestRun, options, { ends, waitUntil: waitUntil(c) });
  if (bound === response) return;
  // Otherwise Hono merges the headers of both.
  c.res = undefined;
  c.res = bound;
}

/** Node's own objects for the request, where @hono/node-server has them. */
function nodePair(c: Context): { incoming?: NodeRequest; outgoing?: NodeResponse } {
  const { incoming, outgoing } = (c.env ?? {}) as { incoming?: unknown; outgoing?: unknown };
  return {
    ...(isEmitter(incoming) ? { incoming: incoming as unknown as NodeRequest } : {}),
    ...(isEmitter(outgoing) ? { outgoing: outgoing as unknown as NodeResponse } : {}),
  };
}

const isEmitter = (value: unknown): value is { once: unknown } =>
  typeof (value as { once?: unknown } | null | undefined)?.once === 'function';

function waitUntil(c: Context): WaitUntil | undefined {
  try {
    return waitUntilOf(c.executionCtx);
  } catch {
    // Its getter throws where there is none.
    return undefined;
  }
}

/** Where Hono's jwt, jwk and basic auth and most session middlewares put who it is. */
const identities = (c: Context): unknown[] => [c.get('user'), c.get('jwtPayload'), c.get('auth')];

function failed(error: unknown): void {
  report({ kind: 'http', message: `A request was recorded only in part: ${messageOf(error)}`, cause: error });
}
