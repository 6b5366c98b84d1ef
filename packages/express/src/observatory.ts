import { messageOf, report } from '@observatory/core/recorder';
import type { HttpOptions } from '@observatory/http';
import { nodeRequest, type RequestRun, requestRunOf } from '@observatory/http/adapter';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { followRouter, routeOf, startRoute } from './router-channel.js';

/**
 * A run per request that does agent work: whatever wrapped clients, AI SDK calls and LangChain do while it is handled attaches to
 * it, with the request's prompt, session and user, its route and how it ended. Other requests leave no trace.
 *
 * Put it before body parsers and routes. Mounted twice it does nothing more, except that a second one after a middleware that
 * loses the async context finds it again.
 *
 * @example
 * ```ts
 * const app = express();
 * app.use(observatory());
 * app.use(express.json());
 * app.post('/chat', async (req, res) => {
 *   const completion = await openai.chat.completions.create({ model: 'gpt-5', messages: req.body.messages });
 *   res.json(completion.choices[0].message);
 * });
 * ```
 */
export function observatory(options: HttpOptions<Request> = {}): RequestHandler {
  followRouter();
  return function observatory(req, res, next) {
    const known = requestRunOf(req);
    if (known) {
      known.reenter(next);
      return;
    }
    let requestRun: RequestRun | undefined;
    try {
      requestRun = nodeRequest(req, res, req, options, {
        route: () => routeOf(req),
        identities: () => identities(req),
        ip: () => req.ip,
      });
      if (requestRun) startRoute(req);
    } catch (error) {
      report({ kind: 'http', message: `A request goes unrecorded: ${messageOf(error)}`, cause: error });
    }
    if (requestRun) requestRun.enter(next);
    else next();
  };
}

/**
 * Tells the run why a request failed, and passes the error on. Only needed before Express 5.3, which tells by itself; goes before
 * the app's own error handlers.
 *
 * @example
 * ```ts
 * app.use(errorHandler());
 * ```
 */
export function errorHandler(): ErrorRequestHandler {
  return (error, req, _res, next) => {
    requestRunOf(req)?.failed(error);
    next(error);
  };
}

/** Where passport, express-jwt and express-oauth2-jwt-bearer put who it is. */
function identities(req: Request): unknown[] {
  const { user, auth } = req as { user?: unknown; auth?: { payload?: unknown } };
  return [user, auth?.payload, auth];
}
