import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeRequest } from './node-request.js';
import type { HttpOptions } from './options.js';
import type { RequestRun } from './request-run.js';

/**
 * A `node:http` listener whose requests are runs: whatever wrapped clients do while one is answered, and after, attaches to it. A
 * request without any model call, tool call or nested run leaves no trace.
 *
 * Nobody parses the body of a bare request: pass `prompt`, or set `req.body`; otherwise the first model call's input counts.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 *
 * const server = createServer(listener(async (req, res) => {
 *   res.end(await agent(await text(req)));
 * }));
 * ```
 */
export function listener<Req extends IncomingMessage, Res extends ServerResponse, Result>(
  fn: (req: Req, res: Res) => Result,
  options: HttpOptions<Req> = {},
): (req: Req, res: Res) => Result {
  return function (this: unknown, req, res) {
    const handle = () => fn.call(this, req, res);
    const requestRun = nodeRequest(req as never, res, req, options);
    return requestRun ? followHandler(requestRun, handle) : handle();
  };
}

/** Runs a handler in its request's run, which waits for what it promises. What it returns, throws and rejects with stays. */
export function followHandler<Result>(requestRun: RequestRun, handle: () => Result): Result {
  let result: Result;
  try {
    result = requestRun.enter(handle);
  } catch (error) {
    requestRun.failed(error);
    throw error;
  }
  if (!(result instanceof Promise)) return result;
  const done = requestRun.busy();
  return result.then(
    (value: unknown) => {
      done();
      return value;
    },
    (error: unknown) => {
      requestRun.failed(error);
      done();
      throw error;
    },
  ) as Result;
}
