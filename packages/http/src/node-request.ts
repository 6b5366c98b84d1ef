import { shared } from '@observatory/core/recorder';
import type { HttpOptions } from './options.js';
import { openRequestRun, type RequestRun, type RequestView, requestRunOf } from './request-run.js';

/** What is used of Node's IncomingMessage, Express' Request, Fastify's raw request. */
export interface NodeRequest {
  method?: string | undefined;
  url?: string | undefined;
  /** Express and Connect: the url before a mount took its part. */
  originalUrl?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  socket?: NodeSocket | null | undefined;
  emit(event: string | symbol, ...args: never[]): boolean;
}

interface NodeSocket {
  remoteAddress?: string | undefined;
  once(event: 'close', listener: () => void): unknown;
}

/** What is used of Node's ServerResponse. */
export interface NodeResponse {
  statusCode: number;
  headersSent: boolean;
  writableEnded: boolean;
  writableFinished?: boolean | undefined;
  errored?: Error | null | undefined;
  /** Of an HTTP/2 response. */
  stream?: { aborted?: boolean } | undefined;
  setHeader(name: string, value: string): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** What a framework knows beyond the bare message. */
export type NodeView = Partial<Pick<RequestView, 'body' | 'route' | 'identities' | 'ip'>>;

/**
 * The run of a node:http request, or undefined for one that is left alone (a WebSocket upgrade). The same request always has
 * the same run.
 */
export function nodeRequest<About>(
  req: NodeRequest,
  res: NodeResponse,
  about: About,
  options: HttpOptions<About>,
  more: NodeView = {},
): RequestRun | undefined {
  const existing = requestRunOf(req);
  if (existing) return existing;
  const { headers } = req;
  if (typeof headers.upgrade === 'string' && headers.upgrade.toLowerCase() === 'websocket') return undefined;

  const url = req.originalUrl ?? req.url ?? '/';
  const query = url.indexOf('?');
  const view: RequestView = {
    method: req.method ?? 'GET',
    path: query < 0 ? url : url.slice(0, query),
    header(name) {
      const value = headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    query: () => (query < 0 ? undefined : url.slice(query + 1)),
    body: more.body ?? (() => (req as { body?: unknown }).body),
    route: more.route ?? (() => undefined),
    identities: more.identities ?? (() => []),
    ip: more.ip ?? (() => req.socket?.remoteAddress),
    answered: () => res.headersSent,
  };
  const requestRun = openRequestRun(req, about, view, options, true);
  keepContext(req, requestRun);
  watchEnd(req, res, requestRun);
  if (options.exposeRunId) expose(res, options.exposeRunId, requestRun.run.runId);
  return requestRun;
}

/**
 * Body parsers listen on the request and call the next handler from there, and its events come from the connection, which stands
 * in nobody's run.
 */
function keepContext(req: NodeRequest, requestRun: RequestRun): void {
  const { emit } = req;
  req.emit = function (this: NodeRequest, ...args: Parameters<NodeRequest['emit']>): boolean {
    return requestRun.reenter(() => emit.apply(this, args));
  };
}

/**
 * `close` is the one event that every response has in the end: normal, 304, HEAD, broken off. Only a pipelined one whose
 * connection went before its turn has none (Node 20): that one ends with the connection.
 */
export function watchEnd(req: Pick<NodeRequest, 'socket'>, res: NodeResponse, requestRun: RequestRun): void {
  const leave = req.socket && !res.stream ? onConnectionClose(req.socket, end) : undefined;
  res.once('close', end);

  function end(): void {
    leave?.();
    const status = res.headersSent ? res.statusCode : undefined;
    const { errored } = res;
    if (res.writableEnded && res.writableFinished !== false && !res.stream?.aborted && !errored) {
      requestRun.ended({ how: 'completed', status });
    } else if (errored && !isDisconnect(errored)) requestRun.ended({ how: 'failed', status, error: errored });
    else requestRun.ended({ how: 'disconnected', status });
  }
}

const DISCONNECTS = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED']);

const isDisconnect = (error: Error): boolean => DISCONNECTS.has((error as { code?: string }).code ?? '');

const connections = shared<WeakMap<NodeSocket, Set<() => void>>>('http.connections', () => new WeakMap());

/** One listener a connection, however many requests are pipelined on it. Returns the way out. */
function onConnectionClose(socket: NodeSocket, listener: () => void): () => void {
  let waiting = connections.get(socket);
  if (!waiting) {
    const listeners = new Set<() => void>();
    waiting = listeners;
    connections.set(socket, listeners);
    socket.once('close', () => {
      // A response that is over says so itself, in this tick.
      if (listeners.size > 0)
        setImmediate(() => {
          for (const one of listeners) one();
        });
    });
  }
  waiting.add(listener);
  return () => waiting.delete(listener);
}

export const RUN_ID_HEADER = 'x-observatory-run-id';

function expose(res: NodeResponse, name: boolean | string, runId: string): void {
  try {
    if (!res.headersSent) res.setHeader(name === true ? RUN_ID_HEADER : String(name), runId);
  } catch {
    // A name that is no header name: the answer goes out without it.
  }
}
