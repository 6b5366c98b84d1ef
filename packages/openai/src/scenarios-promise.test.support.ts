import { expect } from 'vitest';
import { chat, describeError, plain, type Scenario, turn, until } from './scenario.test.support.js';

const outcome =
  (expected: string, metadata: Record<string, unknown> = {}) =>
  (runs: { steps: unknown[] }[]) =>
    expect(runs).toMatchObject([{ steps: [{ outcome: expected, metadata }] }]);

/** What a host can do with the promise of a call. */
export const promiseScenarios: Scenario[] = [
  {
    name: 'await',
    play: async ({ client }) => plain(await client.chat.completions.create(chat())),
    recorded: (runs) =>
      expect(runs).toMatchObject([
        {
          response: 'You said: Hi',
          steps: [
            {
              model_requested: 'gpt-5',
              model_used: 'gpt-5',
              outcome: 'ok',
              finish_reason: 'stop',
              messages: chat().messages,
              output: [{ role: 'assistant', content: 'You said: Hi' }],
              prompt_uncached_tokens: expect.any(Number),
              metadata: { attempts: 1, request_id: expect.stringMatching(/^req_/), kind: 'chat' },
            },
          ],
        },
      ]),
  },
  {
    name: 'the promise is an APIPromise that shows what it did',
    play: async ({ client }) => {
      const promise = client.chat.completions.create(chat());
      const shape = [promise.constructor.name, Object.keys(promise), promise instanceof Promise];
      await promise;
      return shape;
    },
  },
  {
    name: 'withResponse',
    play: async ({ client }) => {
      const { data, response, request_id } = await client.chat.completions.create(chat()).withResponse();
      return [plain(data), response.status, request_id, response.bodyUsed];
    },
    recorded: outcome('ok'),
  },
  {
    name: 'asResponse, body read by the host',
    play: async ({ client }) => {
      const response = await client.chat.completions.create(chat()).asResponse();
      return [response.status, response.bodyUsed, await response.json()];
    },
    recorded: outcome('ok', { response: 'raw', request_id: expect.any(String) }),
  },
  {
    name: 'asResponse of a 400, caught',
    script: () => [{ error: 400 }],
    play: async ({ client }) => {
      const caught = await client.chat.completions.create(chat()).asResponse().catch(describeError);
      await turn();
      return caught;
    },
    recorded: outcome('error', { http_status: 400 }),
  },
  {
    name: 'asResponse, then await, then withResponse: the same objects',
    play: async ({ client }) => {
      const promise = client.chat.completions.create(chat());
      const response = await promise.asResponse();
      const value = await promise;
      const both = await promise.withResponse();
      return [plain(value), both.data === value, both.response === response];
    },
    recorded: (runs) => expect(runs[0]!.steps[0]!.output).toMatchObject([{ content: 'You said: Hi' }]),
  },
  {
    name: 'await, then asResponse',
    play: async ({ client }) => {
      const promise = client.chat.completions.create(chat());
      const value = await promise;
      const response = await promise.asResponse();
      return [plain(value), response.status, response.bodyUsed];
    },
  },
  {
    name: 'await twice gives the same object',
    play: async ({ client }) => {
      const promise = client.chat.completions.create(chat());
      const [first, second] = [await promise, await promise];
      return first === second;
    },
    recorded: (runs) => expect(runs.flatMap(({ steps }) => steps)).toHaveLength(1),
  },
  {
    name: 'await late: the wait is the host’s',
    play: async ({ client }) => {
      const promise = client.chat.completions.create(chat());
      await turn(500);
      return plain(await promise);
    },
    recorded: (runs) => {
      const { start_time, end_time } = runs[0]!.steps[0]!;
      expect(Date.parse(end_time!) - Date.parse(start_time)).toBeLessThan(450);
    },
  },
  {
    name: 'catch only',
    script: () => [{ error: 400 }],
    play: ({ client }) => client.chat.completions.create(chat()).catch(describeError),
    recorded: outcome('error', { http_status: 400, error_type: 'BadRequestError' }),
  },
  {
    name: 'finally',
    play: async ({ client }) => {
      let ran = 0;
      const value = await client.chat.completions.create(chat()).finally(() => void ran++);
      return [plain(value), ran];
    },
  },
  {
    name: 'the loser of Promise.race',
    script: () => [{ text: 'slow', delayMs: 40 }],
    play: async ({ client, server }) => {
      const winner = await Promise.race([client.chat.completions.create(chat()), turn().then(() => 'timer')]);
      await server.settled();
      await turn(20);
      return winner;
    },
    recorded: outcome('ok'),
  },
  {
    name: 'fire and forget',
    unsettled: true,
    play: async ({ client, server }) => {
      void client.chat.completions.create(chat());
      await until(() => server.requests.length > 0);
      await server.settled();
      return server.requests.length;
    },
  },
  {
    name: 'fire and forget that fails: the process hears of it',
    script: () => [{ error: 400 }],
    play: async ({ client, unhandled }) => {
      void client.chat.completions.create(chat());
      await until(() => unhandled.length > 0);
      return 'not awaited';
    },
    recorded: outcome('error'),
  },
  {
    name: 'a failure handled late: unhandled first, as without us',
    script: () => [{ error: 400 }],
    play: async ({ client, unhandled }) => {
      const promise = client.chat.completions.create(chat());
      await until(() => unhandled.length > 0);
      return promise.catch(describeError);
    },
    recorded: outcome('error'),
  },
  {
    name: 'then without a rejection handler',
    script: () => [{ error: 400 }],
    play: async ({ client, unhandled }) => {
      void client.chat.completions.create(chat()).then(() => 'never');
      await until(() => unhandled.length > 0);
      return 'not awaited';
    },
    recorded: outcome('error'),
  },
  {
    name: '_thenUnwrap, twice',
    play: async ({ client }) => {
      type Unwrapping = {
        _thenUnwrap(transform: (value: { id: string }, ...rest: unknown[]) => unknown): Unwrapping;
      };
      const promise = client.chat.completions.create(chat()) as unknown as Unwrapping;
      const derived = promise._thenUnwrap((value, ...rest) => ({ id: value.id, rest: rest.length }));
      const again = derived._thenUnwrap((value) => ({ wrapped: value.id }));
      return [plain(await again), again.constructor.name, typeof again._thenUnwrap];
    },
    recorded: (runs) => expect(runs.flatMap(({ steps }) => steps)).toMatchObject([{ outcome: 'ok' }]),
  },
  {
    name: 'misuse: create() without a body',
    unsettled: true,
    play: async ({ client }) => {
      const create = client.chat.completions.create as (body?: unknown) => Promise<unknown>;
      return create.call(client.chat.completions);
    },
    recorded: () => undefined,
  },
  {
    name: 'HTTP 400, 401, 404, 429, 500: the classes and their fields',
    script: () => [400, 401, 404, 429, 500].map((status) => ({ error: status })),
    play: async ({ client, OpenAI }) => {
      const seen: unknown[] = [];
      for (let i = 0; i < 5; i++) {
        const error = await client.chat.completions.create(chat()).then(
          () => undefined,
          (reason: InstanceType<typeof OpenAI.APIError>) => reason,
        );
        seen.push([describeError(error), error instanceof OpenAI.APIError, error?.type, error?.param]);
      }
      return seen;
    },
    recorded: (runs) =>
      expect(runs.map(({ steps }) => steps[0]!.metadata!.http_status)).toEqual([400, 401, 404, 429, 500]),
  },
  {
    name: 'retries: 429, 429, 200 is one step',
    options: { maxRetries: 2 },
    script: () => [
      { error: { status: 429, retryAfterMs: 1 } },
      { error: { status: 429, retryAfterMs: 1 } },
      'at last',
    ],
    play: async ({ client }) => plain(await client.chat.completions.create(chat())),
    recorded: outcome('ok', { attempts: 3 }),
  },
  {
    name: 'connection refused',
    play: async ({ OpenAI, wrap }) =>
      wrap(new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0 }))
        .chat.completions.create(chat())
        .catch(describeError),
    recorded: outcome('error', { error_type: 'APIConnectionError' }),
  },
  {
    name: 'timeout',
    script: () => [{ connection: 'hang' }],
    play: ({ client }) => client.chat.completions.create(chat(), { timeout: 40 }).catch(describeError),
    recorded: outcome('timed_out'),
  },
  {
    name: 'aborted before the headers',
    script: () => [{ connection: 'hang' }],
    play: async ({ client, OpenAI }) => {
      const controller = new AbortController();
      const promise = client.chat.completions.create(chat(), { signal: controller.signal });
      setTimeout(() => controller.abort(), 20);
      const error: unknown = await promise.catch((reason) => reason);
      return [describeError(error), error instanceof OpenAI.APIUserAbortError];
    },
    recorded: outcome('cancelled'),
  },
  {
    name: 'aborted before it was called',
    play: async ({ client, server }) => {
      const signal = AbortSignal.abort();
      const caught = await client.chat.completions.create(chat(), { signal }).catch(describeError);
      return [caught, server.requests.length];
    },
    recorded: outcome('cancelled'),
  },
  {
    name: 'a body that is not JSON',
    script: () => [{ raw: { headers: { 'content-type': 'application/json' }, body: '{"id": "broken' } }],
    play: ({ client }) =>
      client.chat.completions.create(chat()).then(plain, (error) => error.constructor.name),
    recorded: outcome('error'),
  },
  {
    name: 'an answer that is text',
    script: () => [{ raw: { headers: { 'content-type': 'text/plain' }, body: 'just text' } }],
    play: async ({ client }) => plain(await client.chat.completions.create(chat())),
    recorded: outcome('ok'),
  },
];
