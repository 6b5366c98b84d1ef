import { boundBody, isStreamed } from './bound-body.js';
import { onWorkers, untilDelivered, type WaitUntil } from './lifetime.js';
import { RUN_ID_HEADER } from './node-request.js';
import type { HttpOptions } from './options.js';
import { record } from './record.js';
import {
  openRequestRun,
  type RequestRun,
  type RequestView,
  requestRunOf,
  requestRunOfRun,
} from './request-run.js';
import { watchBody } from './watch-body.js';

/** What a framework knows beyond the bare request. */
export type FetchView = Partial<Pick<RequestView, 'body' | 'route' | 'identities' | 'ip'>>;

/**
 * The run of a fetch-style request, or undefined for one that is left alone (a WebSocket upgrade). The same request has the
 * same run; so has one that a framework made of it to hand it on before anything happened (a mounted app).
 *
 * @param overSocket whether the request is known to come over a connection of its own
 */
export function fetchRequest<About>(
  request: Request,
  about: About,
  options: HttpOptions<About>,
  more: FetchView = {},
  overSocket = false,
): RequestRun | undefined {
  const existing = requestRunOf(request);
  if (existing) return existing;
  const { headers, method } = request;
  if (headers.get('upgrade')?.toLowerCase() === 'websocket') return undefined;
  const { path, query } = partsOf(request.url);
  const outer = overSocket ? undefined : mountedIn(method, path);
  if (outer) return outer;
  const view: RequestView = {
    method,
    path,
    header: (name) => headers.get(name) ?? undefined,
    query: () => query,
    body: more.body ?? watchBody(request),
    route: more.route ?? (() => undefined),
    identities: more.identities ?? (() => []),
    ip: more.ip ?? (() => undefined),
    answered: () => false,
  };
  return openRequestRun(request, about, view, options, overSocket);
}

/** A run whose request is this one with a longer path, and in which nothing has happened yet. */
function mountedIn(method: string, path: string): RequestRun | undefined {
  const run = record.scope()?.run;
  const outer = run && requestRunOfRun(run);
  if (!outer || outer.view.method !== method || outer.state !== 'open' || outer.happened) return undefined;
  return outer.view.path.endsWith(path === '/' ? '' : path) ? outer : undefined;
}

function partsOf(url: string): { path: string; query: string | undefined } {
  const from = url.indexOf('/', url.indexOf('://') + 3);
  const question = url.indexOf('?', from);
  const hash = url.indexOf('#', from);
  const end = question >= 0 ? question : hash >= 0 ? hash : url.length;
  return {
    path: from < 0 ? '/' : url.slice(from, end),
    query: question < 0 ? undefined : url.slice(question + 1, hash > question ? hash : url.length),
  };
}

/**
 * The response to hand on: the same one, or for a streamed one a copy whose body is read in the run's context.
 *
 * @param ends whether the run ends with this response; false where the transport sees the connection itself
 */
export function fetchResponse(
  request: Request,
  response: Response,
  requestRun: RequestRun,
  options: Pick<HttpOptions<never>, 'exposeRunId' | 'graceMs'>,
  { ends = true, waitUntil }: { ends?: boolean; waitUntil?: WaitUntil | undefined } = {},
): Response {
  const { status } = response;
  let answer = response;
  const end = (how: { how: 'completed' | 'disconnected' | 'failed'; error?: unknown }) => {
    if (ends || how.how === 'failed') requestRun.ended({ ...how, status });
  };
  if (request.method !== 'HEAD' && isStreamed(response.headers) && response.body && !response.bodyUsed) {
    if (!response.body.locked) {
      const { read, unread } = unreadGuard(() => end({ how: 'disconnected' }), options.graceMs);
      answer = new Response(boundBody(response.body, requestRun, end, read), response);
      if (ends) unread();
      if (onWorkers) {
        // A Worker hears of a client that left only here; elsewhere signals abort after good answers too.
        request.signal?.addEventListener('abort', () => end({ how: 'disconnected' }), { once: true });
      }
    }
  }
  if (answer === response) end({ how: 'completed' });
  if (options.exposeRunId) answer = withHeader(answer, options.exposeRunId, requestRun.run.runId);
  untilDelivered(requestRun, waitUntil);
  return answer;
}

/** A body that nobody reads never ends: a response that was built and thrown away. */
function unreadGuard(giveUp: () => void, afterMs = 30_000): { read(): void; unread(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    read: () => clearTimeout(timer),
    unread() {
      timer = setTimeout(giveUp, afterMs);
      (timer as { unref?: () => void }).unref?.();
    },
  };
}

function withHeader(response: Response, name: boolean | string, runId: string): Response {
  const header = name === true ? RUN_ID_HEADER : String(name);
  try {
    response.headers.set(header, runId);
    return response;
  } catch {
    // Headers of a fetched response are immutable.
  }
  try {
    const copy = new Response(response.body, response);
    copy.headers.set(header, runId);
    return copy;
  } catch {
    return response;
  }
}
