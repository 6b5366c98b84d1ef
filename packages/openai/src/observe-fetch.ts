import { recorder as createRecorder, type Recorder, report } from '@observatory/core/recorder';
import { after } from './clock.js';
import { EventReader } from './event-reader.js';
import type { ImplicitRunOptions } from './implicit-run.js';
import { ModelCall } from './model-call.js';
import { defineHidden, isBag } from './own-data.js';
import { fromUrl } from './provider.js';
import { RequestBody } from './request-body.js';
import { surfaceOf } from './surface.js';
import { currentCall } from './transport.js';
import { SDK } from './version.js';

export interface ObserveFetchOptions extends ImplicitRunOptions {
  /** Names the provider of a compatible server; by default it is told from the request's URL. */
  provider?: string;
}

/** An error's message is in its body; after this it counts without one. */
const UNREAD_ERROR_MS = 5_000;

type Fetch = (this: unknown, input: never, init?: never) => Promise<unknown>;

/** What is needed of a Response; any implementation of fetch will do. */
interface ResponseLike {
  ok: boolean;
  status: number;
  headers: { get(name: string): string | null };
  body: unknown;
  text(): Promise<string>;
}

/**
 * A `fetch` that records the model calls it carries, for frameworks that build their own client and take a fetch. Requests
 * to other endpoints pass through. The response is the one that came, read when and how the framework reads it.
 *
 * It sees requests, not calls: a request the client repeats is a step of its own. Prefer `wrapOpenAI` where you have the
 * client; below a wrapped client, and below another Observatory adapter, nothing is recorded twice.
 *
 * @param fetch the fetch to observe; default the global one
 * @example
 * ```ts
 * import { ChatOpenAI } from '@langchain/openai';
 * import { observeFetch } from '@observatory/openai';
 *
 * const model = new ChatOpenAI({ configuration: { fetch: observeFetch() } });
 * ```
 */
export function observeFetch<F extends (...args: never[]) => Promise<unknown> = typeof globalThis.fetch>(
  fetch?: F,
  options: ObserveFetchOptions = {},
): F {
  return observedFetch(fetch, options, createRecorder(SDK));
}

function observedFetch<F extends (...args: never[]) => Promise<unknown>>(
  fetch: F | undefined,
  options: ObserveFetchOptions,
  recorder: Recorder,
): F {
  // Looked up at each call, so that a test that replaces the global fetch is obeyed.
  const send = (fetch ?? ((...args: never[]) => globalThis.fetch(...(args as unknown as [string])))) as Fetch;
  return function observed(this: unknown, ...args: [never, never?]) {
    const call = begin(recorder, options, args[0], args[1]);
    const answer = send.apply(this, args);
    if (!call) return answer;
    return answer.then(
      (response) => {
        guarded(() => observeResponse(response as ResponseLike, call));
        return response;
      },
      (error: unknown) => {
        call.failed(error);
        throw error;
      },
    );
  } as unknown as F;
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (cause) {
    const message = 'A response could not be looked at; it is passed on as it is.';
    report({ kind: 'openai-adapter', message, cause });
  }
}

function begin(
  recorder: Recorder,
  options: ObserveFetchOptions,
  input: unknown,
  init: unknown,
): ModelCall | undefined {
  try {
    // A wrapped client above records this call.
    if (currentCall()) return undefined;
    const request = isBag(init) ? init : {};
    const source = input as { url?: unknown; method?: unknown } | string | URL;
    const url = typeof source === 'string' ? source : source instanceof URL ? source.href : source?.url;
    const method =
      request.method ?? (typeof source === 'object' && 'method' in source ? source.method : 'GET');
    if (typeof url !== 'string' || String(method).toUpperCase() !== 'POST') return undefined;
    const surface = surfaceOf(url);
    if (surface === undefined) return undefined;
    const provider = options.provider ?? fromUrl(url);
    const call = new ModelCall(
      { recorder, client: {}, options: provider === undefined ? options : { ...options, provider } },
      surface,
    );
    call.start(undefined);
    call.attempt(new RequestBody(undefined, request.body));
    return call;
  } catch (cause) {
    report({
      kind: 'openai-adapter',
      message: 'A request could not be looked at; it is sent as it is.',
      cause,
    });
    return undefined;
  }
}

function observeResponse(response: ResponseLike, call: ModelCall): void {
  call.sent({ response, options: {} });
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok) {
    const failed = (text?: string) => call.failed(statusError(response.status, text || undefined));
    observeText(response, failed, () => failed());
    // A failure whose body nobody reads ends too.
    after(UNREAD_ERROR_MS, failed);
    return;
  }
  call.reading();
  if (type.includes('text/event-stream')) {
    call.streams();
    observeBody(response, new EventReader(call));
  } else if (type.includes('json')) {
    observeText(
      response,
      (text) => call.parsed(parse(text)),
      (error) => call.failed(error),
    );
  } else call.parsed(response);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function statusError(status: number, text: string | undefined): Error {
  const body = text === undefined ? undefined : parse(text);
  const error = isBag(body) && isBag(body.error) ? body.error : {};
  const message = typeof error.message === 'string' ? error.message : (text ?? 'no body');
  return Object.assign(new Error(`${status} ${message}`), { status, code: error.code, type: error.type });
}

/** Hears `text()`, `json()`, `arrayBuffer()` of a response, or its body when that is read instead. */
function observeText(
  response: ResponseLike,
  seen: (text: string) => void,
  failed: (error: unknown) => void,
): void {
  const decoder = new TextDecoder();
  for (const [name, toText] of [
    ['text', (value: unknown) => String(value)],
    ['json', (value: unknown) => JSON.stringify(value)],
    ['arrayBuffer', (value: unknown) => decoder.decode(value as ArrayBuffer)],
    ['bytes', (value: unknown) => decoder.decode(value as Uint8Array)],
  ] as const) {
    const read = (response as unknown as Record<string, unknown>)[name];
    if (typeof read !== 'function') continue;
    defineHidden(response, name, (...args: unknown[]) => {
      const result = read.apply(response, args) as Promise<unknown>;
      result.then((value) => seen(toText(value)), failed);
      return result;
    });
  }
  let text = '';
  observeBody(response, {
    bytes: (chunk) => {
      text += typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true });
    },
    done: () => seen(text),
    left: () => seen(text),
    broke: failed,
  });
}

/** Hears the pieces of a body. */
export interface BodyObserver {
  bytes(chunk: unknown): void;
  done(): void;
  left(): void;
  broke(error: unknown): void;
}

/** Listens to a web stream through whichever way it is read, without reading ahead. */
function observeBody(response: ResponseLike, observer: BodyObserver): void {
  const taken = observeStream(response.body, observer);
  observeClone(response, observer, taken);
}

/** @returns whether somebody has taken the stream by a way that is listened to */
function observeStream(body: unknown, observer: BodyObserver): () => boolean {
  if (typeof ReadableStream !== 'function' || !(body instanceof ReadableStream)) return () => false;
  const stream = body as ReadableStream<unknown>;
  const { getReader, pipeThrough, pipeTo, tee, cancel, values } = stream;
  let taken = false;
  const watched = () => {
    if (taken) return stream;
    taken = true;
    return pipeThrough.call(stream, watcher(observer) as never);
  };
  defineHidden(stream, 'getReader', (...args: unknown[]) => {
    const reader = (getReader as (...args: unknown[]) => unknown).apply(stream, args) as Record<
      string,
      unknown
    >;
    if (!taken && args.length === 0) {
      taken = true;
      observeReader(reader, observer);
    }
    return reader;
  });
  defineHidden(stream, 'pipeThrough', (...args: unknown[]) =>
    (pipeThrough as (...args: unknown[]) => unknown).apply(watched(), args),
  );
  defineHidden(stream, 'pipeTo', (...args: unknown[]) =>
    (pipeTo as (...args: unknown[]) => unknown).apply(watched(), args),
  );
  defineHidden(stream, 'tee', () => tee.call(watched() as never));
  defineHidden(stream, 'cancel', (...args: unknown[]) => {
    observer.left();
    return (cancel as (...args: unknown[]) => unknown).apply(stream, args);
  });
  const iterate = (options?: unknown) => {
    const iterator = (values as (options?: unknown) => unknown).call(stream, options) as Record<
      string,
      unknown
    >;
    if (!taken) {
      taken = true;
      observeReader(iterator, observer);
    }
    return iterator;
  };
  if (typeof values === 'function') {
    defineHidden(stream, 'values', iterate);
    defineHidden(stream, Symbol.asyncIterator, iterate);
  }
  return () => taken;
}

/** A clone splits the body. Where it does so by `tee()` that is heard; elsewhere the response goes on with a new stream. */
function observeClone(response: ResponseLike, observer: BodyObserver, taken: () => boolean): void {
  const { clone } = response as unknown as { clone?: (...args: unknown[]) => unknown };
  if (typeof clone !== 'function') return;
  defineHidden(response, 'clone', (...args: unknown[]) => {
    const copy = clone.apply(response, args);
    if (!taken()) observeStream(response.body, observer);
    return copy;
  });
}

/** Readers and iterators alike: `read`/`next` gives pieces, `cancel`/`return` leaves. */
function observeReader(reader: Record<string, unknown>, observer: BodyObserver): void {
  for (const name of ['read', 'next']) {
    const read = reader[name];
    if (typeof read !== 'function') continue;
    defineHidden(reader, name, (...args: unknown[]) => {
      const result = read.apply(reader, args) as Promise<{ done?: boolean; value?: unknown }>;
      result.then(
        ({ done, value }) => (done ? observer.done() : observer.bytes(value)),
        (error: unknown) => observer.broke(error),
      );
      return result;
    });
  }
  for (const name of ['cancel', 'return']) {
    const leave = reader[name];
    if (typeof leave !== 'function') continue;
    defineHidden(reader, name, (...args: unknown[]) => {
      observer.left();
      return leave.apply(reader, args);
    });
  }
}

/** One more hop that keeps back-pressure: nothing is pulled before the reader asks. */
function watcher(observer: BodyObserver): TransformStream<unknown, unknown> {
  return new TransformStream<unknown, unknown>(
    {
      transform(chunk, controller) {
        observer.bytes(chunk);
        controller.enqueue(chunk);
      },
      flush: () => observer.done(),
    },
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
}
