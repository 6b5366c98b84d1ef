import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, type NextId } from './answer.js';
import { storedResponses } from './background-responses.js';
import { chatChunks, chatCompletion } from './chat-completions.js';
import { completion, completionChunks } from './completions.js';
import { type Delivery, delivery, type Framing } from './delivery.js';
import { httpError } from './errors.js';
import { answerOther } from './other-endpoints.js';
import type { ModelReply, Reply, Script, Timing } from './reply.js';
import { type ModelRequest, readRequest } from './request.js';
import { responseEvents, responseObject } from './responses.js';
import { type Player, player, ScriptError } from './script.js';

export interface ModelServerOptions {
  /** Default: 0, any free port. */
  port?: number;
  /** Demands this key as `Authorization: Bearer …` or Azure's `api-key`, and answers 401 without it. Default: any key will do. */
  apiKey?: string;
  /** Timing for every reply that does not bring its own. */
  timing?: Timing;
}

export interface ModelServer extends AsyncDisposable {
  /** The base URL for a client, ending in `/v1`. */
  url: string;
  /** The server without `/v1`, for clients that build their own paths, e.g. `new AzureOpenAI({ endpoint: server.origin })`. */
  origin: string;
  /** Ready for a client's constructor: `new OpenAI(server.clientOptions)`. */
  clientOptions: { baseURL: string; apiKey: string };
  /** Every request since the start or the last `reset`, in order of arrival. */
  requests: ModelRequest[];
  /** Forgets the requests and starts the script, or another one, from its beginning. */
  reset(script?: Script): void;
  /** Resolves when every request so far is answered in full or given up by its client. */
  settled(): Promise<void>;
  /** Closes all connections, also those that hang. Safe to call twice. */
  close(): Promise<void>;
}

const CHAT_FRAMING: Framing = { named: false, done: true };
const RESPONSES_FRAMING: Framing = { named: true, done: false };

/**
 * Starts a loopback server that speaks OpenAI's protocol by script: chat completions, responses, completions, embeddings,
 * images, audio, moderations, models; plain and streamed; with delays, errors, rate limits and broken connections.
 *
 * Without a script it repeats what the user said. A list is answered in order; when it runs out, the server answers HTTP 500
 * with a message that says so. Rules (`{ when, reply }`) in the list go first whenever they match.
 *
 * @example
 * ```ts
 * import OpenAI from 'openai';
 * import { modelServer } from '@observatory/testing';
 *
 * await using server = await modelServer([
 *   { error: { status: 429, retryAfterMs: 1 } },
 *   'Hello!',
 * ]);
 * const openai = new OpenAI(server.clientOptions);
 * const completion = await openai.chat.completions.create({
 *   model: 'gpt-4o-mini',
 *   messages: [{ role: 'user', content: 'Hi' }],
 * });
 * completion.choices[0]?.message.content; // 'Hello!', after one retry
 * server.requests.length; // 2
 * ```
 */
export async function modelServer(script?: Script, options: ModelServerOptions = {}): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const stored = storedResponses();
  const nextId = idCounter();
  let turns = player(script);

  const serve = async (message: IncomingMessage, response: ServerResponse) => {
    let markClosed!: () => void;
    const closed = new Promise<void>((resolve) => {
      markClosed = resolve;
    });
    const request = await readRequest(message, closed);
    response.once('close', () => {
      request.aborted = !response.writableFinished;
      markClosed();
    });
    requests.push(request);
    const standard = standardHeaders(nextId('req_'));
    if (options.apiKey !== undefined && !hasKey(message, options.apiKey)) {
      const { status, body } = httpError(401);
      await delivery(response, standard, {}).json(status, body);
      return;
    }
    await respond(request, response, standard, turns);
  };

  const respond = async (
    request: ModelRequest,
    response: ServerResponse,
    standard: Record<string, string>,
    turns: Player,
  ) => {
    const sender = (timing: Timing) => delivery(response, standard, { ...options.timing, ...timing });
    const isStored = request.endpoint === 'responses' && request.path !== '/responses';
    let reply: Reply | undefined;
    try {
      reply = isStored ? undefined : await turns.next(request);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      const { status, body } = httpError({ status: 500, message: error.message, type: 'script_error' });
      // Without this header the client would ask again, and the script is no longer by then.
      await sender({}).json(status, body, { 'x-should-retry': 'false' });
      return;
    }
    if (reply !== undefined) {
      await sendReply(typeof reply === 'string' ? { text: reply } : reply, request, sender);
    } else if (request.path === '/responses/compact') {
      await stored.compact(request, sender({}), nextId);
    } else if (isStored) {
      await stored.answer(request, sender({}));
    } else if (!(await answerOther(request, sender({}), nextId))) {
      const message = `Unknown request URL: ${request.method} ${request.url}.`;
      const { status, body } = httpError({ status: 404, message, code: 'unknown_url' });
      await sender({}).json(status, body);
    }
  };

  const sendReply = async (
    reply: Exclude<Reply, string>,
    request: ModelRequest,
    sender: (timing: Timing) => Delivery,
  ) => {
    const framing = request.endpoint === 'responses' ? RESPONSES_FRAMING : CHAT_FRAMING;
    if ('connection' in reply) {
      if (reply.connection === 'reset') sender({}).reset();
      return;
    }
    if ('error' in reply) {
      const { status, body, headers } = httpError(reply.error);
      await sender(reply).json(status, body, headers);
      return;
    }
    if ('raw' in reply) {
      await sender(reply).raw(reply.raw, { ...framing, done: request.endpoint === 'chat' });
      return;
    }
    const { headers = {}, cut } = reply;
    const deliver = sender(reply);
    if (request.endpoint === 'responses') {
      await sendResponse(reply, request, deliver);
    } else if (request.endpoint === 'completions') {
      const filled = answer(reply, request, 'cmpl-', nextId);
      if (request.stream) await deliver.events(completionChunks(filled, request), framing, headers, cut);
      else await deliver.json(200, completion(filled), headers, cut);
    } else {
      const filled = answer(reply, request, 'chatcmpl-', nextId);
      if (request.stream) await deliver.events(chatChunks(filled, request), framing, headers, cut);
      else await deliver.json(200, chatCompletion(filled), headers, cut);
    }
  };

  /** Passes the events on and keeps the ends, from which the response can be retrieved; a long stream is not held in memory. */
  function* keptOnEnd(events: Iterable<Record<string, unknown>>, request: ModelRequest) {
    let first: Record<string, unknown> | undefined;
    let last: Record<string, unknown> | undefined;
    for (const event of events) {
      first ??= event;
      last = event;
      yield event;
    }
    if (first && last) stored.keep([first, last], request, 0);
  }

  const sendResponse = async (reply: ModelReply, request: ModelRequest, deliver: Delivery) => {
    const filled = answer(reply, request, 'resp_', nextId);
    const background = request.body?.background === true;
    const { headers = {}, cut } = reply;
    if (request.stream && !background) {
      const events = responseEvents(filled, request, nextId);
      await deliver.events(keptOnEnd(events, request), RESPONSES_FRAMING, headers, cut);
      return;
    }
    const events = [...responseEvents(filled, request, nextId)];
    const last = events.at(-1)?.response ?? responseObject(filled, request.body, 'in_progress', []);
    stored.keep(events, request, background ? (reply.polls ?? 1) : 0);
    if (request.stream) await deliver.events(events, RESPONSES_FRAMING, headers, cut);
    else await deliver.json(200, background ? events[0]?.response : last, headers, cut);
  };

  const server = createServer((message, response) => {
    // A client may leave at any moment; that is part of the game, not a failure of the server.
    serve(message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}/v1`;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closing;
  };
  return {
    url,
    origin,
    clientOptions: { baseURL: url, apiKey: options.apiKey ?? 'test-key' },
    requests,
    reset(next) {
      requests.length = 0;
      turns = player(next ?? script);
    },
    async settled() {
      await Promise.all(requests.map((request) => request.closed));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function idCounter(): NextId {
  let count = 0;
  return (prefix) => `${prefix}${(++count).toString(36).padStart(10, '0')}`;
}

function hasKey(message: IncomingMessage, key: string): boolean {
  return message.headers.authorization === `Bearer ${key}` || message.headers['api-key'] === key;
}

/** What OpenAI sends with every answer. */
function standardHeaders(requestId: string): Record<string, string> {
  return {
    'x-request-id': requestId,
    'openai-version': '2020-10-01',
    'openai-organization': 'observatory-testing',
    'openai-processing-ms': '12',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-requests': '6ms',
  };
}
