import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cut, RawReply, Timing } from './reply.js';

type Headers = Record<string, string>;
type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** How server-sent events are framed: Responses name each event, chat completions do not. */
export interface Framing {
  named: boolean;
  /** Whether `data: [DONE]` closes the stream. */
  done: boolean;
}

/** Writes one response over one socket, at the script's pace and with the script's accidents. */
export interface Delivery {
  json(status: number, body: unknown, headers?: Headers, cut?: Cut): Promise<void>;
  events(
    payloads: Iterable<unknown> | AsyncIterable<unknown>,
    framing: Framing,
    headers?: Headers,
    cut?: Cut,
  ): Promise<void>;
  raw(raw: RawReply['raw'], framing: Framing): Promise<void>;
  bytes(type: string, body: Uint8Array): Promise<void>;
  /** Destroys the socket, with a TCP reset where the platform has one. */
  reset(): void;
}

export function delivery(response: ServerResponse, standard: Headers, timing: Timing): Delivery {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.on('error', () => gone.abort());

  const pause = async (ms: number) => {
    if (ms > 0) await sleep(ms, undefined, { signal: gone.signal }).catch(() => undefined);
  };
  const start = async (status: number, headers: Headers) => {
    await pause(timing.delayMs ?? 0);
    if (gone.signal.aborted) return;
    response.writeHead(status, { ...standard, ...headers });
  };
  const write = async (piece: string | Uint8Array) => {
    if (gone.signal.aborted || response.write(piece)) return;
    await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  const beforeChunk = async (index: number) => {
    const delay = timing.chunkDelayMs ?? 0;
    await pause(typeof delay === 'number' ? delay : delay(index));
    await timing.beforeChunk?.(index);
  };
  const reset = () => {
    response.socket?.resetAndDestroy();
  };
  const breakOff = async (cut: Cut, framing: Framing, sent: number) => {
    if (cut.with === 'hang') return;
    if (cut.with === 'drop') {
      // What was written must reach the client first, or the whole answer looks like it never began.
      await new Promise((resolve) => response.write('', resolve));
      response.socket?.destroy();
      return;
    }
    if (cut.with === 'error') await write(errorEvent(cut, framing, sent));
    response.end();
  };

  return {
    async json(status, body, headers = {}, cut) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const bytes = Buffer.from(text);
      await start(status, {
        'content-type': 'application/json',
        'content-length': String(bytes.length),
        ...headers,
      });
      if (gone.signal.aborted) return;
      if (!cut) {
        response.end(bytes);
        return;
      }
      await write(bytes.subarray(0, bytes.length >> 1));
      await breakOff(cut.with === 'hang' ? cut : { ...cut, with: 'drop' }, { named: false, done: false }, 0);
    },

    async events(payloads, framing, headers = {}, cut) {
      await start(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        ...headers,
      });
      // Real servers send the headers before the first token is there.
      if (!gone.signal.aborted) response.flushHeaders();
      let sent = 0;
      for await (const payload of payloads) {
        if (gone.signal.aborted) return;
        if (cut && sent >= cut.after) break;
        await beforeChunk(sent);
        await write(frame(payload, framing));
        sent++;
      }
      if (gone.signal.aborted) return;
      if (cut) {
        await breakOff(cut, framing, sent);
        return;
      }
      if (framing.done) await write('data: [DONE]\n\n');
      response.end();
    },

    async raw(raw, framing) {
      if (raw.sse) {
        await this.events(raw.sse, { ...framing, done: raw.done ?? framing.done }, raw.headers);
        return;
      }
      const { body = '', status = 200 } = raw;
      const isPieces = typeof body === 'object' && (Symbol.iterator in body || Symbol.asyncIterator in body);
      if (isPieces && !(body instanceof Uint8Array)) {
        await start(status, raw.headers ?? {});
        let index = 0;
        for await (const piece of body as Pieces) {
          if (gone.signal.aborted) return;
          await beforeChunk(index++);
          await write(piece);
        }
        response.end();
        return;
      }
      const isJson = typeof body === 'object' && !(body instanceof Uint8Array);
      await start(status, { ...(isJson && { 'content-type': 'application/json' }), ...raw.headers });
      if (!gone.signal.aborted) response.end(isJson ? JSON.stringify(body) : body);
    },

    async bytes(type, body) {
      await start(200, { 'content-type': type });
      if (!gone.signal.aborted) response.end(body);
    },

    reset,
  };
}

function frame(payload: unknown, { named }: Framing): string {
  const data = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const type =
    typeof payload === 'object' && payload !== null ? (payload as { type?: unknown }).type : undefined;
  return named && typeof type === 'string' ? `event: ${type}\ndata: ${data}\n\n` : `data: ${data}\n\n`;
}

function errorEvent(cut: Cut, framing: Framing, sent: number): string {
  const {
    message = 'The server had an error while processing your request.',
    type = 'server_error',
    code = null,
  } = cut.error ?? {};
  const error = { type, code, message, param: null };
  return frame(framing.named ? { type: 'error', sequence_number: sent, error } : { error }, framing);
}
