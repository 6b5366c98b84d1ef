import { captureRuns } from '@observatory/testing';
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { majors, type Sdk } from './majors.test.support.js';
import { wrapOpenAI } from './wrap-openai.js';

/**
 * Every method of every resource of every major, called on a bare and on a wrapped client: the same request leaves, and the
 * promise, its response, its parsed value and its errors are the same kind of thing with the same identities.
 */

type Resource = Record<string, unknown> & { _client?: unknown };
type Method = (...args: unknown[]) => unknown;
interface Found {
  path: string;
  call: (client: OpenAI) => unknown;
}

/** Helpers with loops, timers or sockets of their own; the scenarios cover those that make model calls. */
const HELPERS =
  /poll|^stream$|^runTools$|^runFunctions$|connect|waitFor|unwrap|verifySignature|refer$|_|createAndRunStream|createAndStream|submitToolOutputsStream|^accept$|^reject$|^hangup$|uploadAndPoll|^upload$|^prepare$/i;

function methodsOf(client: object): Found[] {
  const found: Found[] = [];
  const visit = (resource: Resource, path: string[]) => {
    const prototype = Object.getPrototypeOf(resource) as Record<string, unknown>;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = prototype[name];
      if (name === 'constructor' || HELPERS.test(name) || typeof method !== 'function') continue;
      const args = argumentsFor(method as Method);
      found.push({
        path: [...path, name].join('.'),
        call: (target) => {
          let holder = target as unknown as Record<string, unknown>;
          for (const step of path) holder = holder[step] as Record<string, unknown>;
          return (holder[name] as Method)(...args());
        },
      });
    }
    for (const [name, member] of Object.entries(resource)) {
      if (name !== '_client' && isResource(member)) visit(member, [...path, name]);
    }
  };
  for (const [name, member] of Object.entries(client)) if (isResource(member)) visit(member, [name]);
  return found;
}

const isResource = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && '_client' in value;

/** Plausible arguments, told from the source of the method: ids as text, bodies and queries as objects. */
function argumentsFor(method: Method): () => unknown[] {
  const source = method.toString();
  const names = (/^[^(]*\(([^)]*)\)/.exec(source)?.[1] ?? '')
    .split(',')
    .map((name) => name.trim().split(/\s*=/)[0] as string)
    .filter((name) => name !== '');
  const ids = [
    ...source.matchAll(/const \{ ([\w, ]+?),? \.\.\.\w+ \} = params|const \{ ([\w, ]+) \} = params/g),
  ]
    .flatMap((match) => (match[1] ?? match[2] ?? '').split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const upload = /multipartForm/i.test(source);
  return () =>
    names.map((name) => {
      if (name === 'options') return undefined;
      if (!/^(?:body|params|query|params_?)$/.test(name)) return `${name}_1`;
      if (name === 'query') return { limit: 5 };
      const fields: Record<string, unknown> = Object.fromEntries(ids.map((id) => [id, `${id}_1`]));
      if (name === 'params' && ids.length > 0 && !/\.\.\.body/.test(source)) return fields;
      Object.assign(fields, { model: 'gpt-5', name: 'n', prompt: 'p', input: 'i', path: '/workspace/a' });
      fields.messages = [{ role: 'user', content: 'Hi' }];
      if (upload) {
        fields.messages = undefined;
        fields.file = new File(['content'], 'a.txt', { type: 'text/plain' });
      }
      return fields;
    });
}

interface Sent {
  url: string;
  method: unknown;
  headers: [string, string][];
  body: unknown;
}

const ANSWER = {
  id: 'obj_1',
  object: 'thing',
  model: 'gpt-5-2026',
  status: 'completed',
  output: [],
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello' } }],
  data: [{ id: 'item_1' }],
  has_more: false,
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

/** Answers everything with plausible JSON and writes down what it was asked. */
function answering(status = 200): { fetch: typeof fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetch = async (url: string | URL | Request, init: RequestInit = {}) => {
    const headers = new Headers(init.headers as Record<string, string>);
    const boundary = /boundary=(.*)$/.exec(headers.get('content-type') ?? '')?.[1];
    const bytes = init.body === undefined || init.body === null ? undefined : await bodyText(init.body);
    const text = boundary ? bytes?.replaceAll(boundary, 'BOUNDARY') : bytes;
    if (boundary) headers.set('content-type', 'multipart BOUNDARY');
    headers.delete('idempotency-key');
    sent.push({
      url: String(url),
      method: init.method,
      headers: [...headers],
      body: text?.replace(/formdata-undici-\d+/g, 'BOUNDARY'),
    });
    return new Response(JSON.stringify(status === 200 ? ANSWER : { error: { message: 'no', type: 't' } }), {
      status,
      headers: { 'content-type': 'application/json', 'x-request-id': `req_${sent.length}` },
    });
  };
  return { fetch, sent };
}

async function bodyText(body: unknown): Promise<string> {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array || body instanceof DataView)
    return Buffer.from(body.buffer).toString('latin1');
  if (
    typeof (body as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function' &&
    !(body instanceof FormData)
  ) {
    const chunks: Buffer[] = [];
    for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('latin1');
  }
  return new Response(body as FormData).text();
}

/** Everything a host can see of one call, as plain data. */
async function observeCall(OpenAI: Sdk, wrap: (client: OpenAI) => OpenAI, { call }: Found) {
  const ok = answering();
  const client = wrap(new OpenAI({ apiKey: 'k', adminAPIKey: 'a', fetch: ok.fetch, maxRetries: 0 }));
  const seen: Record<string, unknown> = {};
  const note = async (name: string, look: () => unknown) => {
    try {
      seen[name] = await look();
    } catch (error) {
      seen[name] = describeError(error);
    }
  };
  const isPromise = (value: unknown) => typeof (value as { then?: unknown })?.then === 'function';

  await note('shape', () => {
    const made = call(client) as Promise<unknown>;
    const shape = [made?.constructor?.name, Object.keys(made ?? {}), isPromise(made)];
    // What is not awaited is as it was; its rejection is not of interest here.
    if (isPromise(made)) made.catch(() => {});
    return shape;
  });
  await note('await', async () => plain(await call(client)));
  await note('then', () => (call(client) as Promise<unknown>).then(plain));
  await note('finally', () => (call(client) as Promise<unknown>).finally(() => {}).then(plain));
  await note('identities', async () => {
    const promise = call(client) as ReturnType<OpenAI['models']['list']>;
    if (typeof promise?.asResponse !== 'function') return 'not an API promise';
    const raw = await promise.asResponse();
    const value = await promise;
    const both = await promise.withResponse();
    return {
      raw: raw instanceof Response,
      bodyUsed: raw.bodyUsed,
      value: value instanceof Response,
      sameData: both.data === value,
      sameResponse: both.response === raw,
      requestId: both.request_id,
      twice: (await promise) === value,
      id: (value as { _request_id?: unknown })?._request_id,
    };
  });
  await note('raw', async () => {
    const promise = call(client) as ReturnType<OpenAI['models']['list']>;
    return typeof promise?.asResponse === 'function' ? (await promise.asResponse()).text() : 'none';
  });
  const failing = answering(404);
  const broken = wrap(new OpenAI({ apiKey: 'k', adminAPIKey: 'a', fetch: failing.fetch, maxRetries: 0 }));
  await note('404', async () => {
    try {
      await call(broken);
      return 'did not fail';
    } catch (error) {
      return [describeError(error), error instanceof OpenAI.NotFoundError, error instanceof OpenAI.APIError];
    }
  });
  return { seen, sent: [...ok.sent, ...failing.sent] };
}

const plain = (value: unknown) =>
  value instanceof Response ? `Response ${value.status}` : JSON.parse(JSON.stringify(value ?? null));

const describeError = (error: unknown) => {
  const { name, message } = error as Error;
  return { name, message, class: (error as object).constructor.name, keys: Object.keys(error as object) };
};

const bare = (client: OpenAI) => client;

for (const { major, OpenAI } of majors) {
  test(`${major}: every method of every resource behaves as on a bare client`, {
    timeout: 120_000,
  }, async () => {
    using captured = captureRuns();
    const methods = methodsOf(new OpenAI({ apiKey: 'k' }));
    expect(methods.length).toBeGreaterThan(80);
    for (const method of methods) {
      const expected = await observeCall(OpenAI, bare, method);
      const actual = await observeCall(OpenAI, (client) => wrapOpenAI(client), method);
      expect({ method: method.path, ...actual }).toEqual({ method: method.path, ...expected });
    }
    const kinds = new Set(
      captured.items.flatMap((item) => (item.type === 'step' ? (item.metadata?.kind ?? []) : [])),
    );
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'chat',
        'response',
        'completion',
        'embedding',
        'image',
        'speech',
        'transcription',
      ]),
    );
  });
}
