import { messageOf, report } from '@observatory/core/recorder';
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import { nodeRequest } from './node-request.js';
import type { HttpOptions } from './options.js';
import { type RequestRun, requestRunOf } from './request-run.js';

/**
 * A Fastify plugin: a run per request that does agent work, as the middlewares for Express and Hono make them.
 *
 * @example
 * ```ts
 * const app = fastify();
 * app.register(observatory());
 * ```
 */
export function observatory(options: HttpOptions<FastifyRequest> = {}): FastifyPluginCallback {
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    app.addHook('onRequest', (request, reply, next) => {
      let requestRun: RequestRun | undefined;
      try {
        requestRun = nodeRequest(request.raw as never, reply.raw, request, options, {
          body: () => request.body,
          route: () => request.routeOptions.url,
          identities: () => [(request as { user?: unknown }).user],
          ip: () => request.ip,
        });
      } catch (error) {
        report({ kind: 'http', message: `A request goes unrecorded: ${messageOf(error)}`, cause: error });
      }
      if (requestRun) requestRun.enter(next);
      else next();
    });
    app.addHook('onError', (request, _reply, error, next) => {
      requestRunOf(request.raw)?.failed(error);
      next();
    });
    done();
  };
  // For the whole app, not only for what is registered inside the plugin; the name is for Fastify's messages.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@observatory/http/fastify',
  });
}
