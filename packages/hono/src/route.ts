import type { Context } from 'hono';

interface Handler {
  readonly length: number;
  /** The handler that `app.route()` or an error handler wraps. */
  readonly __COMPOSED_HANDLER?: Handler;
}

/** The pattern of the route that answers, e.g. `/chat/:id`; undefined where only middlewares matched. */
export function routeOf(c: Context): string | undefined {
  const routes = c.req.matchedRoutes as readonly { path: string; handler: Handler }[];
  const current = routes[c.req.routeIndex];
  if (current && answers(current.handler)) return current.path;
  for (let i = routes.length - 1; i >= 0; i--) {
    const route = routes[i];
    if (route && answers(route.handler)) return route.path;
  }
  return undefined;
}

/** Middlewares take `next`; what only takes the context answers. */
const answers = (handler: Handler): boolean => (handler.__COMPOSED_HANDLER ?? handler).length < 2;
