import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { withRun } from '@observatory/core';
import type OpenAI from 'openai';
import { expect } from 'vitest';
import { chat, collect, describeError, plain, type Scenario, turn } from './scenario.test.support.js';

type Options = ConstructorParameters<typeof OpenAI>[0];
const steps = (count: number) => (runs: { steps: unknown[] }[]) =>
  expect(runs.flatMap((run) => run.steps)).toHaveLength(count);

const inspected = (client: object) => inspect(client, { depth: 1 }).replace(/127\.0\.0\.1:\d+/g, 'SERVER');

/** Another vendor's wrapper of the deep-Proxy kind: methods bound to the real object, objects wrapped in turn. */
function proxyVendor<T extends object>(target: T, calls: string[]): T {
  return new Proxy(target, {
    get(holder, key) {
      const value: unknown = Reflect.get(holder, key, holder);
      if (typeof value === 'function')
        return (...args: unknown[]) => {
          if (key === 'create') calls.push('create');
          return value.apply(holder, args);
        };
      return typeof value === 'object' && value !== null ? proxyVendor(value, calls) : value;
    },
  });
}

/** Another vendor's wrapper of the copying kind: spread objects with bound methods. */
function copyVendor(client: OpenAI, calls: string[]): OpenAI {
  const { completions } = client.chat;
  const create = (...args: Parameters<typeof completions.create>) => {
    calls.push('create');
    return completions.create(...args);
  };
  return {
    ...client,
    chat: { ...client.chat, completions: { ...completions, create } },
  } as unknown as OpenAI;
}

const vendors: Record<'proxyVendor' | 'copyVendor', (client: OpenAI, calls: string[]) => OpenAI> = {
  proxyVendor,
  copyVendor,
};

/** Both orders: one step, and the vendor hears of the call as it would without us. */
const vendorScenarios = (['proxyVendor', 'copyVendor'] as const).flatMap((vendor): Scenario[] => [
  {
    name: `below another vendor's wrapper (${vendor})`,
    play: async ({ client }) => {
      const calls: string[] = [];
      const value = await vendors[vendor](client, calls).chat.completions.create(chat());
      return [plain(value), calls];
    },
    recorded: steps(1),
  },
  {
    name: `above another vendor's wrapper (${vendor})`,
    play: async ({ OpenAI, server, wrap }) => {
      const calls: string[] = [];
      const client = wrap(vendors[vendor](new OpenAI(server.clientOptions), calls));
      return [plain(await client.chat.completions.create(chat())), calls];
    },
    recorded: steps(1),
  },
]);

/** What a host can do with the client itself, its requests and its context. */
export const clientScenarios: Scenario[] = [
  ...vendorScenarios,
  {
    name: 'wrapping returns the same object, twice is once',
    play: async ({ client, wrap }) => {
      const again = wrap(wrap(client));
      return [again === client, plain(await again.chat.completions.create(chat()))];
    },
    recorded: steps(1),
  },
  {
    name: 'instanceof, keys, JSON and inspection',
    play: async ({ client, OpenAI }) => {
      await client.chat.completions.create(chat());
      return [
        client instanceof OpenAI,
        client.constructor.name,
        Object.keys(client),
        inspected(client),
        'post' in client,
        typeof client.post,
      ];
    },
  },
  {
    name: 'withOptions: the clone and its clone',
    not: ['v4'],
    play: async ({ client, OpenAI, server }) => {
      const clone = client.withOptions({ defaultHeaders: { 'x-mine': '1' } }).withOptions({ timeout: 9_000 });
      await clone.chat.completions.create(chat());
      const { headers } = server.requests[0]!;
      return [clone instanceof OpenAI, clone !== client, clone.timeout, headers['x-mine']];
    },
    recorded: steps(1),
  },
  {
    name: 'a detached resource and a detached, bound method',
    play: async ({ client }) => {
      const { completions } = client.chat;
      const create = client.chat.completions.create.bind(client.chat.completions);
      return [plain(await completions.create(chat())), plain(await create(chat()))];
    },
    recorded: steps(2),
  },
  {
    name: 'a subclass with private fields and overridden hooks',
    play: async ({ OpenAI, server, wrap }) => {
      const seen: string[] = [];
      class Mine extends OpenAI {
        #secret = 'private';
        reveal() {
          return this.#secret;
        }
        protected override async prepareRequest(
          request: RequestInit,
          context: { url: string; options: never },
        ) {
          seen.push(`prepareRequest ${this.#secret} ${new URL(context.url).pathname}`);
          const { headers } = request as { headers: Headers | Record<string, string> };
          if (headers instanceof Headers) headers.set('x-hook', '1');
          else headers['x-hook'] = '1';
        }
        protected override async prepareOptions() {
          seen.push('prepareOptions');
        }
      }
      const client = wrap(new Mine({ ...server.clientOptions, maxRetries: 0 }));
      await client.chat.completions.create(chat());
      return [client.reveal(), seen, client instanceof Mine, server.requests[0]!.headers['x-hook']];
    },
    recorded: steps(1),
  },
  {
    name: 'a subclass that replaces post',
    play: async ({ OpenAI, server, wrap }) => {
      const paths: string[] = [];
      class Mine extends OpenAI {
        override post<Rsp>(path: string, options?: Parameters<OpenAI['post']>[1]) {
          paths.push(path);
          return super.post<Rsp>(path, options);
        }
      }
      const client = wrap(new Mine({ ...server.clientOptions, maxRetries: 0 }));
      await client.chat.completions.create(chat());
      return paths;
    },
    recorded: steps(1),
  },
  {
    name: 'post replaced on the client after wrapping is obeyed',
    unsettled: true,
    play: async ({ client }) => {
      const calls: unknown[] = [];
      (client as { post: unknown }).post = (path: string) => {
        calls.push(path);
        return { _thenUnwrap: () => Promise.resolve('mocked') };
      };
      const result = client.chat.completions.create(chat()) as unknown;
      return [calls, result instanceof Promise ? await result : typeof result];
    },
    recorded: () => undefined,
  },
  {
    name: 'a post mocked with a plain promise before wrapping',
    unsettled: true,
    not: ['v7'],
    play: async ({ OpenAI, server, wrap }) => {
      const client = new OpenAI(server.clientOptions);
      (client as { post: unknown }).post = () => Promise.resolve({ mocked: true });
      return wrap(client).chat.completions.create(chat());
    },
    recorded: () => undefined,
  },
  {
    name: 'methods replaced on the prototype after wrapping are obeyed',
    play: async ({ OpenAI, client }) => {
      const prototype = OpenAI.prototype as unknown as { prepareOptions: unknown };
      const original = Object.getOwnPropertyDescriptor(prototype, 'prepareOptions');
      let calls = 0;
      prototype.prepareOptions = async () => void calls++;
      try {
        await client.chat.completions.create(chat());
      } finally {
        if (original) Object.defineProperty(prototype, 'prepareOptions', original);
        else delete (prototype as { prepareOptions?: unknown }).prepareOptions;
      }
      return calls;
    },
  },
  {
    name: 'a raw client.post',
    play: async ({ client }) =>
      plain(await client.post('/chat/completions', { body: { ...chat(), custom: true } as never })),
    recorded: steps(1),
  },
  {
    name: 'listing and paging',
    play: async ({ client }) => {
      const page = await client.models.list();
      const ids: string[] = [];
      for await (const model of client.models.list()) ids.push(model.id);
      await client.chat.completions.create(chat());
      return [page.constructor.name, page.data.length, page.hasNextPage(), ids];
    },
    recorded: steps(1),
  },
  {
    name: 'a custom fetch: called the same way',
    play: async ({ OpenAI, server, wrap }) => {
      const calls: unknown[] = [];
      const fetch = async (url: string | URL | Request, init?: RequestInit) => {
        calls.push([
          String(url).replace(/:\d+/, ''),
          Object.keys(init ?? {}).sort(),
          init?.method,
          init?.body,
        ]);
        return globalThis.fetch(url, { ...init, signal: init?.signal ?? null });
      };
      const client = wrap(
        new OpenAI({ ...server.clientOptions, fetch: fetch as Exclude<Options, undefined>['fetch'] }),
      );
      return [plain(await client.chat.completions.create(chat())), calls];
    },
    recorded: steps(1),
  },
  {
    name: 'defaultHeaders, defaultQuery and per-request options reach the wire',
    play: async ({ OpenAI, server, wrap }) => {
      const client = wrap(
        new OpenAI({ ...server.clientOptions, defaultHeaders: { 'x-a': '1' }, defaultQuery: { q: '1' } }),
      );
      await client.chat.completions.create(chat(), { headers: { 'x-b': '2' }, query: { r: '2' } });
      await client.responses.create(
        { model: 'gpt-5', input: 'x' },
        Promise.resolve({ headers: { 'x-c': '3' } }) as never,
      );
      return server.requests.map(({ url, headers }) => [url, headers['x-a'], headers['x-b'], headers['x-c']]);
    },
    recorded: steps(2),
  },
  {
    name: 'messages changed after the call are recorded as they were sent',
    play: async ({ client }) => {
      const body = chat();
      const promise = client.chat.completions.create(body);
      await turn(0);
      body.messages.push({ role: 'user', content: 'LATER' });
      body.messages[0]!.content = 'CHANGED';
      return plain(await promise);
    },
    recorded: (runs) => expect(runs[0]!.steps[0]!.messages).toEqual([{ role: 'user', content: 'Hi' }]),
  },
  {
    name: 'a frozen body and frozen options',
    play: async ({ client }) => {
      const body = Object.freeze({ ...chat(), messages: Object.freeze(chat().messages) });
      return plain(await client.chat.completions.create(body as never, Object.freeze({ timeout: 9_000 })));
    },
    recorded: steps(1),
  },
  {
    name: 'getters and toJSON of the body run as often as without us',
    play: async ({ client }) => {
      const counts = { get: 0, toJSON: 0 };
      const body = {
        model: 'gpt-5',
        get messages() {
          counts.get++;
          return [{ role: 'user' as const, content: 'Hi' }];
        },
        metadata: {
          toJSON() {
            counts.toJSON++;
            return { a: 'b' };
          },
        },
      };
      const value = plain(await client.chat.completions.create(body as never));
      return [value, counts];
    },
    recorded: (runs) => expect(runs[0]!.steps[0]!.messages).toEqual([{ role: 'user', content: 'Hi' }]),
  },
  {
    name: 'a Proxy as body: its traps run as often as without us',
    play: async ({ client }) => {
      const traps: Record<string, number> = {};
      const handler = new Proxy(
        {},
        {
          get: (_, trap: string) => {
            traps[trap] = (traps[trap] ?? 0) + 1;
            return undefined;
          },
        },
      );
      const value = plain(await client.chat.completions.create(new Proxy(chat(), handler)));
      return [value, traps];
    },
    recorded: (runs) => expect(runs[0]!.steps[0]!.messages).toEqual([{ role: 'user', content: 'Hi' }]),
  },
  {
    name: 'the body object itself reaches prepareOptions',
    play: async ({ OpenAI, server, wrap }) => {
      const body = chat();
      let same = false;
      class Mine extends OpenAI {
        protected override async prepareOptions(options: { body?: unknown }) {
          same = options.body === body;
        }
      }
      const client = wrap(new Mine(server.clientOptions));
      await client.chat.completions.create(body);
      return same;
    },
  },
  {
    name: 'a cyclic body fails as it did',
    play: async ({ client }) => {
      const body: Record<string, unknown> = chat();
      body.self = body;
      return client.chat.completions.create(body as never).catch((error: Error) => error.constructor.name);
    },
  },
  {
    name: 'fifty calls at once, each in its run, half of them streamed; the host’s own context survives',
    play: async ({ client }) => {
      const mine = new AsyncLocalStorage<number>();
      const one = (i: number) =>
        mine.run(i, () =>
          withRun({ name: `run ${i}` }, async () => {
            if (i % 2) await client.chat.completions.create(chat(`call ${i}`));
            else await collect(await client.chat.completions.create({ ...chat(`call ${i}`), stream: true }));
            return mine.getStore();
          }),
        );
      return Promise.all(Array.from({ length: 50 }, (_, i) => one(i)));
    },
    recorded: (runs) => {
      const own = runs.filter(({ name }) => name?.startsWith('run '));
      expect(own).toHaveLength(50);
      for (const { name, steps } of own)
        expect(steps).toMatchObject([{ messages: [{ content: name!.replace('run', 'call') }] }]);
    },
  },
  {
    name: 'a stream consumed in another run belongs to the run it was made in',
    play: async ({ client }) => {
      const stream = await withRun({ name: 'maker' }, () =>
        client.chat.completions.create({ ...chat(), stream: true }),
      );
      return withRun({ name: 'reader' }, async () => (await collect(stream)).length);
    },
    recorded: (runs) => {
      const made = runs.find(({ name }) => name === 'maker');
      expect(made!.steps).toMatchObject([{ output: [{ content: 'You said: Hi' }] }]);
      expect(runs.find(({ name }) => name === 'reader')!.steps).toEqual([]);
    },
  },
  {
    name: 'a run that ends before its call does',
    script: () => [{ text: 'late', delayMs: 30 }],
    play: async ({ client }) => {
      let pending: Promise<unknown> | undefined;
      await withRun({ name: 'short' }, async () => {
        pending = client.chat.completions.create(chat());
      });
      return plain(await pending);
    },
    recorded: (runs) =>
      expect(runs.find(({ name }) => name === 'short')!.steps).toMatchObject([
        { outcome: 'ok', output: [{ content: 'late' }] },
      ]),
  },
  {
    name: 'fake timers see nothing of us',
    play: async ({ client }) => {
      const real = globalThis.setTimeout;
      let timers = 0;
      globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
        timers++;
        return real(...args);
      }) as typeof setTimeout;
      try {
        const body = JSON.stringify({ id: 'x', model: 'm', choices: [] });
        const fetch = async () => new Response(body, { headers: { 'content-type': 'application/json' } });
        (client as unknown as { fetch: unknown }).fetch = fetch;
        await withRun({ name: 'mine' }, () => client.chat.completions.create(chat()));
      } finally {
        globalThis.setTimeout = real;
      }
      return timers;
    },
    recorded: steps(1),
  },
  {
    name: 'a call takes as many turns of the microtask queue as without us',
    play: async ({ OpenAI, wrap }) => {
      const chunk = JSON.stringify({
        choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }],
      });
      const json = JSON.stringify({ id: 'x', choices: [] });
      // Answers in microtasks alone, so that counting them makes sense.
      const fetch = async (_url: unknown, init?: RequestInit) => {
        const stream = String(init?.body).includes('"stream":');
        const type = stream ? 'text/event-stream' : 'application/json';
        const body = (async function* () {
          yield new TextEncoder().encode(`data: ${chunk}\n\ndata: [DONE]\n\n`);
        })();
        const headers = new Headers({ 'content-type': type });
        return {
          ok: true,
          status: 200,
          headers,
          body,
          text: async () => json,
          json: async () => JSON.parse(json),
        };
      };
      const client = wrap(new OpenAI({ apiKey: 'k', fetch: fetch as never, maxRetries: 0 }));
      const turns = async (work: () => Promise<unknown>) => {
        let done = false;
        let count = 0;
        const finished = work().then(() => {
          done = true;
        });
        while (!done && count < 10_000) {
          await null;
          count++;
        }
        await finished;
        return count;
      };
      return [
        await turns(async () => client.chat.completions.create(chat())),
        await turns(() => client.chat.completions.create(chat()).withResponse()),
        await turns(async () => client.responses.create({ model: 'gpt-5', input: 'x' })),
        await turns(async () => collect(await client.chat.completions.create({ ...chat(), stream: true }))),
        await turns(() => client.chat.completions.create(chat()).asResponse()),
      ];
    },
    recorded: steps(5),
  },
  {
    name: 'an error thrown by the host’s own fetch',
    play: async ({ OpenAI, wrap }) => {
      const fetch = async () => {
        throw Object.assign(new Error('no network'), { code: 'MINE' });
      };
      const client = wrap(new OpenAI({ apiKey: 'k', fetch: fetch as never, maxRetries: 0 }));
      return client.chat.completions
        .create(chat())
        .catch((error) => [describeError(error), describeError(error.cause)]);
    },
    recorded: steps(1),
  },
];
