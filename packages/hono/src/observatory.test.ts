import { createRequire } from 'node:module';
import { currentRun, withRun } from '@observatory/core';
import { captureRuns } from '@observatory/testing';
import { Hono as Latest } from 'hono';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { HTTPException } from 'hono/http-exception';
import { stream, streamSSE } from 'hono/streaming';
import { timeout } from 'hono/timeout';
import { describe, expect, test } from 'vitest';
import { eventually, model, post, serve } from './hono.test.support.js';
import { observatory } from './index.js';

const { Hono: First } = createRequire(import.meta.url)('hono-v4-0') as { Hono: typeof Latest };

describe.each([
  ['4.13', Latest],
  ['4.0', First],
])('Hono %s on Node', (_version, Hono) => {
  test('a chat request is a run with its prompt, response, session, user, route and outcome', async () => {
    const api = new Hono().post('/chat/:id', async (c) => {
      const { messages } = await c.req.json();
      messages.push({ role: 'user', content: 'pushed by the handler' });
      return c.json({ answer: await model('Weather?', 'Rain.') });
    });
    const app = new Hono()
      .use(observatory())
      .use(async (c, next) => {
        c.set('jwtPayload' as never, { sub: 'u-7' } as never);
        await next();
      })
      .route('/api', api);
    await using server = await serve(app);
    const response = await post(`${server.url}/api/chat/9?secret=1`, {
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'Weather in Oslo?' }] }],
      id: 'chat-1',
    });
    expect(await response.json()).toEqual({ answer: 'Rain.' });
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      {
        name: 'POST /api/chat/:id',
        response: 'Rain.',
        session_id: 'chat-1',
        user_id: 'u-7',
        outcome: 'ok',
        metadata: {
          http_method: 'POST',
          http_path: '/api/chat/9',
          http_route: '/api/chat/:id',
          http_status: 200,
        },
        steps: [{ model_requested: 'gpt-test' }],
      },
    ]);
  });

  test('requests without agent work leave no trace', async () => {
    const app = new Hono()
      .use(observatory())
      .get('/health', (c) => c.text('ok'))
      .get('/broken', () => {
        throw new Error('no agent in here');
      })
      .get('/work', async (c) => c.text(await model('Hi', 'Hello')))
      .onError((_error, c) => c.text('sorry', 500));
    await using server = await serve(app);
    for (const [path, method = 'GET'] of [
      ['/health'],
      ['/none'],
      ['/health', 'HEAD'],
      ['/broken'],
      ['/work', 'OPTIONS'],
    ]) {
      await (await fetch(server.url + path, { method })).text();
    }
    await (await fetch(`${server.url}/work`)).text();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs.map(({ name }) => name)).toEqual(['GET /work']);
  });

  test('errors are outcomes, whether Hono answers them, an onError does, or the server has to', async () => {
    const sub = new Hono()
      .get('/own', async () => {
        await model('Hi', 'x');
        throw new Error('dealt with in the sub-app');
      })
      .onError((error, c) => c.text(error.message, 500));
    const app = new Hono()
      .use(observatory())
      .route('/sub', sub)
      .get('/error', async () => {
        await model('Hi', 'x');
        throw new TypeError('broken agent');
      })
      .get('/refused', async () => {
        await model('Hi', 'x');
        throw new HTTPException(401, { message: 'who are you' });
      })
      .get('/no-error', async () => {
        await model('Hi', 'x');
        throw 'a string';
      })
      .get('/status', async (c) => {
        await model('Hi', 'x');
        return c.text('later', 503);
      })
      .get('/fallback', async (c) => {
        await withRun({ name: 'attempt' }, () => Promise.reject(new Error('rate limit'))).catch(() => {});
        return c.text(await model('Hi', 'x'));
      })
      .onError((error, c) =>
        error instanceof HTTPException ? error.getResponse() : c.text(error.message, 500),
      );
    await using server = await serve(app);
    for (const path of ['/sub/own', '/error', '/refused', '/no-error', '/status', '/fallback']) {
      await (await fetch(server.url + path)).text();
    }
    await server.captured.settled({ runs: 6 });
    expect(
      server.captured.runs.map(({ outcome, status_message, metadata }) => [
        outcome,
        status_message,
        metadata?.http_status,
      ]),
    ).toEqual([
      ['error', 'dealt with in the sub-app', 500],
      ['error', 'TypeError: broken agent', 500],
      ['ok', undefined, 401],
      ['error', 'a string', 500],
      ['error', 'HTTP 503', 503],
      ['ok', undefined, 200],
    ]);
  });

  test('what a streamed answer calls belongs to the run, however lazily the stream is made', async () => {
    const app = new Hono()
      .use(observatory())
      .get('/lazy', () => {
        const chunks = async function* () {
          yield new TextEncoder().encode('one ');
          yield new TextEncoder().encode(await model('Hi', 'two'));
        };
        return new Response(ReadableStream.from(chunks()), {
          headers: { 'content-type': 'text/event-stream' },
        });
      })
      .get('/pulled', () => {
        let pulls = 0;
        const body = new ReadableStream(
          {
            async pull(controller) {
              if (pulls++ === 3) return controller.close();
              controller.enqueue(new TextEncoder().encode(await model('Hi', `${pulls}`)));
            },
          },
          { highWaterMark: 0 },
        );
        return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
      })
      .get('/sse', (c) =>
        streamSSE(c, async (sse) => {
          await sse.writeSSE({ data: 'one' });
          await sse.writeSSE({ data: await model('Hi', 'two') });
        }),
      );
    await using server = await serve(app);
    expect(await (await fetch(`${server.url}/lazy`)).text()).toBe('one two');
    expect(await (await fetch(`${server.url}/pulled`)).text()).toBe('123');
    expect(await (await fetch(`${server.url}/sse`)).text()).toBe('data: one\n\ndata: two\n\n');
    await server.captured.settled({ runs: 3 });
    expect(server.captured.runs.map(({ name, outcome, steps }) => [name, outcome, steps.length])).toEqual([
      ['GET /lazy', 'ok', 1],
      ['GET /pulled', 'ok', 3],
      ['GET /sse', 'ok', 1],
    ]);
  });

  test('a stream that breaks is an error, and one that its client leaves is cancelled', async () => {
    let wasCancelled!: (runId: string) => void;
    const cancelled = new Promise<string>((resolve) => {
      wasCancelled = resolve;
    });
    const app = new Hono()
      .use(observatory())
      .get('/breaks', () => {
        const chunks = async function* () {
          yield new TextEncoder().encode('one');
          // The server answers 500 as long as it has sent nothing.
          await model('Hi', 'x', 100);
          throw new Error('upstream broke');
        };
        return new Response(ReadableStream.from(chunks()), {
          headers: { 'content-type': 'text/event-stream' },
        });
      })
      .get('/left', () => {
        const chunks = async function* () {
          try {
            await model('Hi', 'x');
            for (;;) yield new Uint8Array(65_536);
          } finally {
            wasCancelled(currentRun()?.runId ?? 'lost');
          }
        };
        return new Response(ReadableStream.from(chunks()), {
          headers: { 'content-type': 'text/event-stream' },
        });
      });
    await using server = await serve(app);
    await expect(fetch(`${server.url}/breaks`).then((response) => response.text())).rejects.toThrow();
    const leave = new AbortController();
    const response = await fetch(`${server.url}/left`, { signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    const runId = await cancelled;
    await server.captured.settled({ runs: 2 });
    expect(server.captured.runs.map(({ outcome, status_message }) => [outcome, status_message])).toEqual([
      ['error', 'upstream broke'],
      ['cancelled', undefined],
    ]);
    expect(server.captured.runs[1]?.run_id).toBe(runId);
  });

  test('a client that does not read holds the source up as if nothing were between them', async () => {
    const produced = async (wrapped: boolean) => {
      let chunks = 0;
      const app = new Hono();
      if (wrapped) app.use(observatory());
      app.get('/large', () => {
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (++chunks > 3_000) return controller.close();
            controller.enqueue(new Uint8Array(65_536));
          },
        });
        return new Response(body, { headers: { 'content-type': 'application/octet-stream' } });
      });
      await using server = await serve(app);
      const leave = new AbortController();
      await fetch(`${server.url}/large`, { signal: leave.signal });
      // Until the pipes are full and nothing moves.
      let before = -1;
      while (chunks !== before) {
        before = chunks;
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      leave.abort();
      return chunks;
    };
    const bare = await produced(false);
    const wrapped = await produced(true);
    expect(bare).toBeLessThan(1_000);
    // How much a socket takes differs a little from one to the next.
    expect(wrapped).toBeLessThanOrEqual(bare + 30);
  });

  test('the first bytes leave before the last are made', async () => {
    let clientHasFirst!: () => void;
    const first = new Promise<void>((resolve) => {
      clientHasFirst = resolve;
    });
    const app = new Hono().use(observatory()).get('/stream', (c) =>
      stream(c, async (out) => {
        await out.write('first ');
        // Deadlocks if anything on the way waits for more.
        await first;
        await out.write(await model('Hi', 'last'));
      }),
    );
    await using server = await serve(app);
    const reader = (await fetch(`${server.url}/stream`)).body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('first ');
    clientHasFirst();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('last');
  });

  test('mounted twice, in an app and its sub-app, or around a mounted app, it is one run', async () => {
    const sub = new Hono().use(observatory()).get('/hi', async (c) => c.text(await model('Hi', 'x')));
    const app = new Hono()
      .use(observatory())
      .use(observatory())
      .route('/sub', sub)
      .mount('/mounted', sub.fetch);
    await using server = await serve(app);
    await (await fetch(`${server.url}/sub/hi`)).text();
    await (await fetch(`${server.url}/mounted/hi`)).text();
    await server.captured.settled({ runs: 2 });
    expect(server.captured.allRuns.map(({ metadata, steps }) => [metadata?.http_path, steps.length])).toEqual(
      [
        ['/sub/hi', 1],
        ['/mounted/hi', 1],
      ],
    );
  });

  test('an in-process request from agent work is a nested run', async () => {
    const tools = new Hono()
      .use(observatory())
      .get('/search', async (c) => c.text(await model('search', 'found')));
    const app = new Hono().use(observatory()).get('/chat', async (c) => {
      await model('Hi', 'let me search');
      return c.text(await (await tools.request('/search')).text());
    });
    await using server = await serve(app);
    expect(await (await fetch(`${server.url}/chat`)).text()).toBe('found');
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      { name: 'GET /chat', steps: [{}], runs: [{ name: 'GET /search', steps: [{}] }] },
    ]);
  });

  test('HEAD, 304 from etag() and answers nobody wrote end too', async () => {
    const app = new Hono()
      .use(observatory())
      .use('/page', etag())
      .get('/page', async (c) => c.text(await model('Hi', 'a page')));
    await using server = await serve(app);
    const page = await fetch(`${server.url}/page`);
    await page.text();
    await fetch(`${server.url}/page`, { method: 'HEAD' });
    await fetch(`${server.url}/page`, {
      headers: { 'if-none-match': page.headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
    });
    await server.captured.settled({ runs: 3 });
    expect(server.captured.runs.map(({ metadata, outcome }) => [metadata?.http_status, outcome])).toEqual([
      [200, 'ok'],
      [200, 'ok'],
      [304, 'ok'],
    ]);
  });

  test('compression on either side changes neither the bytes nor the run', async () => {
    const text = 'all work and no play '.repeat(500);
    for (const order of ['outside', 'inside']) {
      const app = new Hono();
      if (order === 'outside') app.use(compress());
      app.use(observatory());
      if (order === 'inside') app.use(compress());
      app.get('/text', async (c) => {
        await model('Hi', 'x');
        return c.text(text);
      });
      await using server = await serve(app);
      const response = await fetch(`${server.url}/text`, { headers: { 'accept-encoding': 'gzip' } });
      expect(response.headers.get('content-encoding')).toBe('gzip');
      expect(await response.text()).toBe(text);
      await server.captured.settled({ runs: 1 });
      expect(server.captured.runs).toMatchObject([{ outcome: 'ok', steps: [{}] }]);
    }
  });

  test('headers come through: several cookies, and the run id where it is asked for', async () => {
    const app = new Hono().use(observatory({ exposeRunId: true })).get('/sse', (c) => {
      c.header('set-cookie', 'a=1', { append: true });
      c.header('set-cookie', 'b=2', { append: true });
      return streamSSE(c, async (sse) => sse.writeSSE({ data: await model('Hi', 'x') }));
    });
    await using server = await serve(app);
    const response = await fetch(`${server.url}/sse`);
    await response.text();
    await server.captured.settled({ runs: 1 });
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('x-observatory-run-id')).toBe(server.captured.runs[0]?.run_id);
  });

  test('an answer that is not streamed keeps its length', async () => {
    const app = new Hono().use(observatory()).get('/json', async (c) => c.json(await model('Hi', 'x')));
    await using server = await serve(app);
    const response = await fetch(`${server.url}/json`);
    expect(response.headers.get('content-length')).toBe('3');
    expect(response.headers.get('transfer-encoding')).toBeNull();
  });

  test('a WebSocket upgrade has no run, and c.var.run still takes what is said to it', async () => {
    using captured = captureRuns();
    const app = new Hono().use(observatory()).get('/ws', (c) => {
      c.var.run.prompt('nobody hears this').metadata({ a: 1 });
      return c.body(null);
    });
    await app.request('/ws', { headers: { upgrade: 'websocket', connection: 'Upgrade' } });
    await captured.settled();
    expect(captured.items).toEqual([]);
  });

  test('interleaved requests never mix', async () => {
    const app = new Hono().use(observatory()).post('/chat', async (c) => {
      const { question } = await c.req.json();
      await model(question, `first ${question}`, Math.random() * 10);
      return streamSSE(c, async (sse) => {
        await sse.writeSSE({ data: await model(question, `second ${question}`, Math.random() * 10) });
      });
    });
    await using server = await serve(app);
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) =>
        (await post(`${server.url}/chat`, { question: `q${i}` })).text(),
      ),
    );
    await server.captured.settled({ runs: 50 });
    expect(server.captured.runs).toHaveLength(50);
    for (const { prompt, response, steps } of server.captured.runs) {
      expect(response).toBe(`second ${prompt.user_prompt}`);
      expect(steps.map((step) => step.response)).toEqual([
        `first ${prompt.user_prompt}`,
        `second ${prompt.user_prompt}`,
      ]);
    }
  });
});

test('a timeout around it answers, and nothing is thrown anywhere', async () => {
  const app = new Latest()
    .use(timeout(30))
    .use(observatory())
    .get('/slow', async (c) => c.text(await model('Hi', 'late', 100)));
  await using server = await serve(app);
  expect((await fetch(`${server.url}/slow`)).status).toBe(504);
  await server.captured.settled({ runs: 1 });
  expect(server.captured.runs).toMatchObject([
    { metadata: { http_status: 504 }, outcome: 'error', steps: [{ outcome: 'ok' }] },
  ]);
});

test('without a connection the run ends with the response or its stream', async () => {
  using captured = captureRuns();
  const app = new Latest()
    .use(observatory())
    .get('/json', async (c) => c.json(await model('Hi', 'x')))
    .get('/sse', (c) => streamSSE(c, async (sse) => sse.writeSSE({ data: await model('Hi', 'x') })))
    .get('/error', async () => {
      await model('Hi', 'x');
      throw new Error('broken');
    });
  await (await app.request('/json')).text();
  await (await app.request('/sse')).text();
  await (await app.request('/error')).text();
  await captured.settled({ runs: 3 });
  expect(captured.runs.map(({ outcome, metadata }) => [outcome, metadata?.http_status])).toEqual([
    ['ok', 200],
    ['ok', 200],
    ['error', 500],
  ]);
  await eventually(() => captured.runs.every(({ end_time }) => end_time !== undefined));
});

test('a platform is asked to wait until the run is delivered', async () => {
  using captured = captureRuns();
  const waiting: Promise<unknown>[] = [];
  const app = new Latest().use(observatory()).get('/json', async (c) => c.json(await model('Hi', 'x')));
  await app.request('/json', {}, {}, {
    waitUntil: (promise: Promise<unknown>) => void waiting.push(promise),
    passThroughOnException() {},
    props: {},
  } as never);
  expect(waiting).toHaveLength(1);
  await Promise.all(waiting);
  expect(captured.runs).toMatchObject([{ outcome: 'ok' }]);
});
