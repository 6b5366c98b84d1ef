import { setTimeout as sleep } from 'node:timers/promises';
import { currentRun, withRun } from '@observatory/core';
import type { NextFunction, Request, Response } from 'express';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { eventually, gate, model, post, rawClient, serve, VERSIONS } from './express.test.support.js';
import { errorHandler, observatory } from './index.js';

const chat = { messages: [{ role: 'user', content: 'Weather in Oslo?' }] };

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(VERSIONS)('Express $version', ({ express, tells, awaits }) => {
  /** Express 4 does not await handlers: the test does, as an app would. */
  const route =
    (handle: (req: Request, res: Response, next: NextFunction) => Promise<unknown>) =>
    (req: Request, res: Response, next: NextFunction): unknown =>
      awaits ? handle(req, res, next) : void handle(req, res, next).catch(next);

  const appWith = (set: (app: ReturnType<typeof express>) => void, options = {}) => {
    const app = express();
    // Keeps the final handler from logging what tests throw.
    app.set('env', 'test');
    app.use(observatory(options));
    app.use(express.json());
    set(app);
    if (!tells) app.use(errorHandler());
    return app;
  };

  test('a chat request is a run with its prompt, response, session, user, route and outcome', async () => {
    await using server = await serve(
      appWith((app) => {
        app.use((req, _res, next) => {
          (req as { user?: unknown }).user = { id: 'u-7' };
          next();
        });
        const api = express.Router();
        api.post(
          '/chat/:id',
          route(async (req, res) => {
            res.json({ answer: await model(req.body.messages[0].content, 'Rain.') });
          }),
        );
        app.use('/api', api);
      }),
    );
    const response = await post(`${server.url}/api/chat/9?secret=1`, chat, { 'x-session-id': 's-1' });
    expect(await response.json()).toEqual({ answer: 'Rain.' });
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      {
        name: 'POST /api/chat/:id',
        prompt: { user_prompt: 'Weather in Oslo?' },
        response: 'Rain.',
        session_id: 's-1',
        conversational: true,
        user_id: 'u-7',
        outcome: 'ok',
        status_code: 0,
        metadata: {
          http_method: 'POST',
          http_path: '/api/chat/9',
          http_route: '/api/chat/:id',
          http_status: 200,
        },
        steps: [{ model_requested: 'gpt-test', outcome: 'ok' }],
      },
    ]);
    expect(server.captured.runs[0]?.sdk).toMatch(/^@observatory\/http\//);
  });

  test('requests without agent work leave no trace: health checks, 404s, static files, HEAD, OPTIONS, errors', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get('/health', (_req, res) => void res.json({ ok: true }));
        app.use('/static', express.static(import.meta.dirname));
        app.get('/broken', () => {
          throw new Error('no agent in here');
        });
        app.get(
          '/work',
          route(async (_req, res) => res.json(await model('Hi', 'Hello'))),
        );
      }),
    );
    for (const [path, method = 'GET'] of [
      ['/health'],
      ['/nothing'],
      ['/static/index.ts'],
      ['/health', 'HEAD'],
      ['/health', 'OPTIONS'],
      ['/broken'],
    ]) {
      await (await fetch(server.url + path, { method })).arrayBuffer();
    }
    await (await fetch(`${server.url}/work`)).text();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs.map(({ name }) => name)).toEqual(['GET /work']);
  });

  test('a model call that fails and is dealt with does not make the run an error; the answer decides', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/caught',
          route(async (_req, res) => {
            await withRun({ name: 'attempt' }, () => Promise.reject(new Error('rate limit'))).catch(() => {});
            res.json(await model('Hi', 'fallback'));
          }),
        );
        app.get(
          '/unavailable',
          route(async (_req, res) => {
            await model('Hi', 'x');
            res.status(503).json({});
          }),
        );
        app.get(
          '/refused',
          route(async (_req, res) => {
            await model('Hi', 'x');
            res.status(403).json({});
          }),
        );
      }),
    );
    for (const path of ['/caught', '/unavailable', '/refused']) await (await fetch(server.url + path)).text();
    await server.captured.settled({ runs: 3 });
    expect(
      server.captured.runs.map(({ outcome, status_message, metadata }) => [
        outcome,
        status_message,
        metadata?.http_status,
      ]),
    ).toEqual([
      ['ok', undefined, 200],
      ['error', 'HTTP 503', 503],
      ['ok', undefined, 403],
    ]);
  });

  test.each([
    ['thrown', (_next: NextFunction) => Promise.reject(new TypeError('broken agent'))],
    ['passed to next', async (next: NextFunction) => next(new TypeError('broken agent'))],
  ])('an error that is %s is the outcome, with its message', async (_how, fail) => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/fails',
          route(async (_req, _res, next) => {
            await model('Hi', 'x');
            await fail(next);
          }),
        );
      }),
    );
    expect((await fetch(`${server.url}/fails`)).status).toBe(500);
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      { name: 'GET /fails', outcome: 'error', status_code: 2, status_message: 'TypeError: broken agent' },
    ]);
  });

  test('an error that error handling turns into a good answer is none', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/fallback',
          route(async () => {
            await model('Hi', 'x');
            throw new Error('dealt with');
          }),
        );
        app.use(errorHandler());
        app.use((_error: unknown, _req: Request, res: Response, _next: NextFunction) => {
          res.json({ answer: 'Sorry.' });
        });
      }),
    );
    expect((await fetch(`${server.url}/fallback`)).status).toBe(200);
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs[0]).toMatchObject({ outcome: 'ok' });
  });

  test('an error after the first byte is an error, not a disconnect', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/breaks',
          route(async (_req, res) => {
            res.setHeader('content-type', 'text/event-stream');
            res.write('data: 1\n\n');
            await model('Hi', 'x');
            throw new Error('broke off');
          }),
        );
      }),
    );
    await expect(fetch(`${server.url}/breaks`).then((response) => response.text())).rejects.toThrow();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([{ outcome: 'error', status_message: 'broke off' }]);
  });

  test('a response destroyed with an error is an error', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/destroys',
          route(async (_req, res) => {
            await model('Hi', 'x');
            res.write('half');
            res.destroy(new Error('upstream went away'));
          }),
        );
      }),
    );
    await expect(fetch(`${server.url}/destroys`).then((response) => response.text())).rejects.toThrow();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs[0]).toMatchObject({
      outcome: 'error',
      status_message: 'upstream went away',
    });
  });

  test('a client that leaves before the answer cancels the run, with the status 499', async () => {
    const left = gate();
    let gone = false;
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/slow',
          route(async (_req, res) => {
            res.once('close', () => {
              gone = true;
            });
            await model('Hi', 'x');
            await left.promise;
            res.json({});
          }),
        );
      }),
    );
    const client = await rawClient(server.port, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => server.captured.runs[0]?.steps[0]?.end_time !== undefined);
    client.socket.destroy();
    await eventually(() => server.captured.runs[0]?.end_time !== undefined || gone);
    left.open();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      { outcome: 'cancelled', status_code: 0, metadata: { http_status: 499 } },
    ]);
  });

  test('a client that leaves in the middle of a stream cancels the run; a step that then ends is whole', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/stream',
          route(async (req, res) => {
            res.setHeader('content-type', 'text/event-stream');
            res.write('data: 1\n\n');
            const gone = new Promise((resolve) => req.once('close', resolve));
            const answer = model('Hi', 'whole', 80);
            await gone;
            res.write(`data: ${await answer}\n\n`);
            res.end();
          }),
        );
      }),
    );
    const client = await rawClient(server.port, 'GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/data: 1/);
    client.socket.destroy();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      { outcome: 'cancelled', steps: [{ outcome: 'ok', response: 'whole' }] },
    ]);
  });

  test('a step that never ends is abandoned after the grace time, in one run', async () => {
    await using server = await serve(
      appWith(
        (app) => {
          app.get('/hangs', (_req, res) => {
            void model('Hi', 'never', 2 ** 30);
            res.json({});
          });
        },
        { graceMs: 50 },
      ),
    );
    await (await fetch(`${server.url}/hangs`)).text();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([{ outcome: 'ok', steps: [{ outcome: 'abandoned' }] }]);
  });

  test('work that goes on after the answer is in the run, and the run ends with it', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/goes-on',
          route(async (_req, res) => {
            await model('first', 'one');
            res.json({});
            await sleep(5);
            await model('second', 'two', 20);
          }),
        );
        app.get('/forgets', (_req, res) => {
          void model('Hi', 'forgotten', 30);
          res.json({});
        });
      }),
    );
    await (await fetch(`${server.url}/goes-on`)).text();
    await (await fetch(`${server.url}/forgets`)).text();
    await server.captured.settled({ runs: 2 });
    const [goesOn, forgets] = server.captured.runs;
    expect(goesOn?.steps.map(({ response }) => response)).toEqual(['one', 'two']);
    expect(Date.parse(goesOn?.end_time ?? '')).toBeGreaterThanOrEqual(
      Date.parse(goesOn?.steps[1]?.end_time ?? 'x'),
    );
    expect(forgets?.steps).toMatchObject([{ response: 'forgotten', outcome: 'ok' }]);
  });

  test('work that only begins after the answer is in the run', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/later',
          route(async (_req, res) => {
            res.json({});
            await sleep(120);
            await model('late', 'but here');
          }),
        );
      }),
    );
    await (await fetch(`${server.url}/later`)).text();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      {
        name: 'GET /later',
        outcome: 'ok',
        metadata: { http_status: 200 },
        steps: [{ response: 'but here' }],
      },
    ]);
  });

  test('each of the requests on one connection has its own run', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/n/:n',
          route(async (req, res) => res.json(await model(String(req.params.n), 'x'))),
        );
      }),
    );
    const client = await rawClient(
      server.port,
      'GET /n/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /n/2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    await new Promise((resolve) => client.socket.once('close', resolve));
    await server.captured.settled({ runs: 2 });
    expect(server.captured.runs.map(({ metadata }) => metadata?.http_path)).toEqual(['/n/1', '/n/2']);
    expect(server.captured.runs.map(({ steps }) => steps.length)).toEqual([1, 1]);
  });

  test('a pipelined request whose connection goes before its turn ends once, cancelled', async () => {
    const second = gate();
    await using server = await serve(
      appWith((app) => {
        app.post(
          '/first',
          route(async (_req, res) => {
            await model('first', 'x');
            await second.promise;
            await sleep(30);
            res.end();
          }),
        );
        app.post(
          '/second',
          route(async (_req, res) => {
            await model('second', 'x');
            second.open();
            res.json({ answered: true });
          }),
        );
      }),
    );
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    const client = await rawClient(server.port, head('/first') + head('/second'));
    await second.promise;
    client.socket.destroy();
    await server.captured.settled({ runs: 2 });
    expect(server.captured.runs.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['POST /first', 'cancelled'],
      ['POST /second', 'cancelled'],
    ]);
  });

  test('a client that never reads and then resets cancels the run', async () => {
    const written = gate();
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/large',
          route(async (_req, res) => {
            await model('Hi', 'x');
            for (let i = 0; i < 100; i++) res.write(Buffer.alloc(1 << 20));
            written.open();
          }),
        );
      }),
    );
    const client = await rawClient(server.port, 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
    client.socket.pause();
    await written.promise;
    client.socket.resetAndDestroy();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('HEAD, 204, 304 and redirects end like any other answer', async () => {
    await using server = await serve(
      appWith((app) => {
        app.get(
          '/page',
          route(async (_req, res) => res.send(await model('Hi', 'a page'))),
        );
        app.get(
          '/empty',
          route(async (_req, res) => {
            await model('Hi', 'x');
            res.status(204).end();
          }),
        );
        app.get(
          '/moved',
          route(async (_req, res) => {
            await model('Hi', 'x');
            res.redirect('/page');
          }),
        );
      }),
    );
    const page = await fetch(`${server.url}/page`);
    await page.text();
    await fetch(`${server.url}/page`, { method: 'HEAD' });
    const again = await fetch(`${server.url}/page`, {
      // fetch would ask caches to stay out otherwise, and get the page.
      headers: { 'if-none-match': page.headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
    });
    expect(again.status).toBe(304);
    await fetch(`${server.url}/empty`);
    await fetch(`${server.url}/moved`, { redirect: 'manual' });
    await server.captured.settled({ runs: 5 });
    expect(server.captured.runs.map(({ metadata, outcome }) => [metadata?.http_status, outcome])).toEqual([
      [200, 'ok'],
      [200, 'ok'],
      [304, 'ok'],
      [204, 'ok'],
      [302, 'ok'],
    ]);
  });

  test('mounted twice, or in an app and its sub-app, it is one run', async () => {
    const sub = express();
    sub.use(observatory({ name: 'never used' }));
    sub.get(
      '/hi/:who',
      route(async (_req, res) => res.json(await model('Hi', 'x'))),
    );
    await using server = await serve(
      appWith((app) => {
        app.use(observatory());
        app.use('/sub', sub);
      }),
    );
    await (await fetch(`${server.url}/sub/hi/you`)).text();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.allRuns).toMatchObject([{ name: 'GET /sub/hi/:who', steps: [{}] }]);
  });

  test('mounted in a router it sees that router, with the full path', async () => {
    const app = express();
    const router = express.Router();
    router.use(observatory({ skip: '/api/health' }));
    router.get(
      '/chat/:id',
      route(async (_req, res) => res.json(await model('Hi', 'x'))),
    );
    router.get(
      '/health',
      route(async (_req, res) => res.json(await model('Hi', 'x'))),
    );
    app.use('/api', router);
    app.get(
      '/other',
      route(async (_req, res) => res.json('no agent')),
    );
    await using server = await serve(app);
    for (const path of ['/api/chat/1', '/api/health', '/other'])
      await (await fetch(server.url + path)).text();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs.map(({ name }) => name)).toEqual(['GET /api/chat/:id']);
  });

  test('a run that the host opens around the rest of the chain stays around it', async () => {
    await using server = await serve(
      appWith((app) => {
        app.use((_req, _res, next) => {
          withRun({ name: 'tenant' }, () => next());
        });
        app.use(observatory());
        app.get(
          '/chat',
          route(async (_req, res) => res.json(await model('Hi', 'x'))),
        );
      }),
    );
    await (await fetch(`${server.url}/chat`)).text();
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      { name: 'GET /chat', steps: [], runs: [{ name: 'tenant', steps: [{}] }] },
    ]);
  });

  test('interleaved requests never mix', async () => {
    await using server = await serve(
      appWith((app) => {
        app.post(
          '/chat',
          route(async (req, res) => {
            const { question } = req.body;
            await sleep(Math.random() * 10);
            await model(question, `first ${question}`, Math.random() * 10);
            await sleep(Math.random() * 10);
            res.json(await model(question, `second ${question}`, Math.random() * 10));
          }),
        );
      }),
    );
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

  test('currentRun() is there in every handler, and the id can be exposed', async () => {
    await using server = await serve(
      appWith(
        (app) => {
          app.get(
            '/chat',
            route(async (_req, res) => {
              currentRun()?.prompt('by hand').response('too').metadata({ tenant: 'acme' });
              res.json({ runId: currentRun()?.runId });
            }),
          );
        },
        { exposeRunId: true },
      ),
    );
    const response = await fetch(`${server.url}/chat`);
    const { runId } = (await response.json()) as { runId: string };
    expect(response.headers.get('x-observatory-run-id')).toBe(runId);
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs).toMatchObject([
      {
        run_id: runId,
        prompt: { user_prompt: 'by hand' },
        response: 'too',
        metadata: { tenant: 'acme', http_status: 200 },
      },
    ]);
  });

  test('300 requests on kept connections leave no listener and no warning behind', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await using server = await serve(
      appWith((app) => {
        app.get('/chat', (_req, res) => {
          currentRun()?.toolCall('search').end();
          res.json({});
        });
      }),
    );
    for (let i = 0; i < 10; i++) {
      await Promise.all(Array.from({ length: 30 }, async () => (await fetch(`${server.url}/chat`)).text()));
    }
    await server.captured.settled({ runs: 300 });
    expect(server.captured.runs).toHaveLength(300);
    expect(warnings).not.toHaveBeenCalled();
  });
});
