import { fetchRequest, fetchResponse } from './fetch-request.js';
import { type WaitUntil, waitUntilOf } from './lifetime.js';
import type { HttpOptions } from './options.js';
import type { RequestRun } from './request-run.js';

/**
 * A fetch-style handler whose requests are runs: for Next.js route handlers, Bun.serve, Deno.serve, Workers and whatever else
 * takes a `Request` and gives a `Response`. Other arguments pass through; `waitUntil` is taken from among them.
 *
 * @example
 * ```ts
 * export const POST = handler(async (request: Request) => {
 *   const { messages } = await request.json();
 *   return Response.json({ answer: await agent(messages) });
 * });
 * ```
 */
export function handler<Req extends Request, Args extends unknown[], Result>(
  fn: (request: Req, ...args: Args) => Result,
  options: HttpOptions<Req> = {},
): (request: Req, ...args: Args) => Result {
  return function (this: unknown, request, ...args) {
    const handle = () => fn.call(this, request, ...args);
    const requestRun = fetchRequest(request, request, options);
    if (!requestRun) return handle();
    // Handed on by a handler or middleware around this one, which ends the run.
    if (requestRun.state !== 'open' || requestRun.entered) return requestRun.enter(handle);
    requestRun.entered = true;

    const respond = (result: unknown): unknown =>
      result instanceof Response
        ? fetchResponse(request, result, requestRun, options, { waitUntil: findWaitUntil(args) })
        : other(result, requestRun);
    let result: unknown;
    try {
      result = requestRun.enter(handle);
    } catch (error) {
      throw failed(request, requestRun, error);
    }
    if (!(result instanceof Promise)) return respond(result) as Result;
    return result.then(respond, (error: unknown) => {
      throw failed(request, requestRun, error);
    }) as Result;
  };
}

/** Something else than a Response, e.g. nothing after an upgrade: the platform decides what it is. */
function other(result: unknown, requestRun: RequestRun): unknown {
  requestRun.ended({ how: 'completed' });
  return result;
}

function failed(request: Request, requestRun: RequestRun, error: unknown): unknown {
  // Nobody is there any more to be answered.
  if (request.signal?.aborted) requestRun.ended({ how: 'disconnected' });
  requestRun.failed(error);
  requestRun.ended({ how: 'completed', status: statusOf(error) });
  return error;
}

/** What the platform answers is not known here; most answer 500. */
function statusOf(error: unknown): number | undefined {
  const { status, digest } = (error ?? {}) as { status?: unknown; digest?: unknown };
  if (typeof digest === 'string' && digest.startsWith('NEXT_REDIRECT')) return 307;
  if (typeof digest === 'string' && digest.startsWith('NEXT_')) return 404;
  return error instanceof Response && typeof status === 'number' ? status : 500;
}

function findWaitUntil(args: readonly unknown[]): WaitUntil | undefined {
  for (let i = args.length - 1; i >= 0; i--) {
    const waitUntil = waitUntilOf(args[i]);
    if (waitUntil) return waitUntil;
  }
  return undefined;
}
