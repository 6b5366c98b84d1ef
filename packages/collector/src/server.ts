import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyless } from './answer.js';
import { RequestProblem } from './body.js';
import { dashboardFiles } from './dashboard-files.js';
import { type GuardOptions, guard } from './guard.js';
import { healthRoutes } from './health.js';
import type { Ingest } from './ingest.js';
import type { Limits } from './limits.js';
import type { Live } from './live.js';
import type { Logger } from './logger.js';
import { ingestRoutes } from './routes-ingest.js';
import { readRoutes } from './routes-read.js';
import { CursorError, type Store } from './store.js';

export interface ServerParts extends GuardOptions {
  store: Store;
  ingest: Ingest;
  live: Live;
  limits: Limits;
  logger: Logger;
  dashboardDir?: string;
}

/** Everything captured is untrusted: no script but the dashboard's own, nothing from elsewhere, no frame around it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // React writes style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function createServerApp(parts: ServerParts): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.use(async (c, next) => {
    await next();
    const { headers } = c.res;
    headers.set('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('X-Frame-Options', 'DENY');
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
  });
  app.use(guard(parts));

  app.route('/', healthRoutes(parts));
  app.route('/', ingestRoutes(parts.ingest, parts.limits));
  app.route('/', readRoutes(parts.store, parts.live));
  app.all('/v1/*', (c) =>
    c.json(
      unknownPath(c.req.method, c.req.path, 'POST /v1/events, /v1/custom, /v1/feedback, /v1/traces'),
      404,
    ),
  );
  app.all('/api/*', (c) =>
    c.json(unknownPath(c.req.method, c.req.path, 'what /api/openapi.json lists'), 404),
  );
  app.route('/', dashboardFiles(parts.dashboardDir));

  app.onError((error, c) => {
    if (error instanceof RequestProblem) {
      if (error.status === 413 || error.code === 'busy') bodyless(c);
      if (error.status === 503) c.header('Retry-After', '1');
      return c.json(
        { error: { message: error.message, code: error.code, ...(error.field && { field: error.field }) } },
        error.status,
      );
    }
    if (error instanceof CursorError) {
      return c.json({ error: { message: error.message, code: 'bad_parameter', field: 'cursor' } }, 400);
    }
    parts.logger.error(`${c.req.method} ${c.req.path}: ${error.stack ?? error.message}`);
    // The store cannot write now (a full disk, a lock): the client keeps its items and tries again.
    c.header('Retry-After', '5');
    return c.json(
      {
        error: { message: 'the collector could not store or read this now: try again', code: 'unavailable' },
      },
      503,
    );
  });
  return app;
}

const unknownPath = (method: string, path: string, there: string) => ({
  error: { message: `there is no ${method} ${path.slice(0, 200)} here, but ${there}`, code: 'not_found' },
});
