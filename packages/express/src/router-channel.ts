import { asyncStorage, recorder, type Scope, shared } from '@observatory/core/recorder';
import { requestRunOf } from '@observatory/http/adapter';
import type { Request } from 'express';

const record = recorder('@observatory/express/0.0.0');

/** What Express 5.3's router tells about one call of a handler. */
interface HandlerCall {
  req: Request & { route?: { stack?: unknown[] } };
  /** The pattern that matched, of the route or of the mount. */
  route?: unknown;
  layer?: unknown;
  result?: unknown;
  error?: unknown;
}

interface Channel {
  subscribe(listener: (call: unknown) => void): void;
  bindStore?(store: unknown, transform: (call: unknown) => Scope | undefined): void;
}

interface TracingChannel {
  start: Channel;
  end: Channel;
  asyncEnd: Channel;
  error: Channel;
}

const subscribed = shared<{ done: boolean }>('express.router', () => ({ done: false }));
const working = new WeakMap<object, () => void>();

/**
 * Listens, once a process, to what Express 5.3's router publishes: it gives every handler the run of its request back, whatever the
 * middleware before lost, and tells which errors arose and how long a handler works. Requests without a run are left alone, and
 * older routers publish nothing.
 */
export function followRouter(): void {
  if (subscribed.done) return;
  subscribed.done = true;
  const channels = (
    globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  ).process?.getBuiltinModule?.('node:diagnostics_channel') as
    | { tracingChannel?: (name: string) => TracingChannel }
    | undefined;
  const channel = channels?.tracingChannel?.('express.router.request');
  if (!channel) return;
  const storage = asyncStorage();
  if (storage) {
    channel.start.bindStore?.(storage, (call) => {
      const current = record.enteredScope();
      return requestRunOf((call as HandlerCall).req)?.scopeOf(current) ?? current;
    });
  }
  channel.start.subscribe((call) => started(call as HandlerCall));
  channel.end.subscribe((call) => {
    // Neither a result nor an error yet: the handler returned a promise.
    if ('result' in (call as HandlerCall) || 'error' in (call as HandlerCall)) return;
    const requestRun = requestRunOf((call as HandlerCall).req);
    if (requestRun) working.set(call as object, requestRun.busy());
  });
  channel.asyncEnd.subscribe((call) => working.get(call as object)?.());
  channel.error.subscribe((call) => {
    const { req, error } = call as HandlerCall;
    requestRunOf(req)?.failed(error);
  });
}

interface Place {
  /** From what a mount took of the path to its pattern. */
  mounts: Map<string, string>;
  route: string | undefined;
}

const places = shared<WeakMap<object, Place>>('express.places', () => new WeakMap());

/** Begins to note the patterns that a request's path matches on its way. */
export function startRoute(req: Request): void {
  const { baseUrl } = req;
  places.set(req, { mounts: new Map([[baseUrl, baseUrl]]), route: undefined });
}

function started({ req, route, layer }: HandlerCall): void {
  const place = places.get(req);
  if (!place) return;
  const { baseUrl } = req;
  const { mounts } = place;
  const pattern = textOf(route);
  if (req.route?.stack?.includes(layer as never)) {
    place.route = join(mounts.get(baseUrl) ?? baseUrl, pattern);
  } else if (!mounts.has(baseUrl)) {
    mounts.set(baseUrl, join(mounts.get(around(baseUrl, mounts)) ?? '', pattern));
  }
}

/** The innermost mount that this one is in. */
function around(baseUrl: string, mounts: Map<string, string>): string {
  let longest = '';
  for (const mount of mounts.keys()) {
    if (mount.length > longest.length && baseUrl.startsWith(`${mount}/`)) longest = mount;
  }
  return longest;
}

/**
 * The pattern that a request's path matched, mounts included: `/api/:tenant/chat/:id`. Before Express 5.3 mounts show what they
 * matched, not their pattern.
 */
export function routeOf(req: Request): string | undefined {
  const place = places.get(req);
  if (place?.route !== undefined) return place.route;
  const { route, baseUrl } = req as { route?: { path?: unknown }; baseUrl: string };
  return route?.path === undefined ? undefined : join(baseUrl, textOf(route.path));
}

const textOf = (pattern: unknown): string =>
  Array.isArray(pattern) ? pattern.map(textOf).join('|') : pattern === undefined ? '' : String(pattern);

const join = (mount: string, pattern: string): string =>
  pattern === '/' && mount !== '' ? mount : `${mount}${pattern}`;
