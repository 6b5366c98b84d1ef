import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { bind, currentRun } from '@observatory/core';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { describe, expect, test } from 'vitest';
import { gate, model, post, rawClient, serve, VERSIONS } from './express.test.support.js';
import { observatory } from './index.js';

const require = createRequire(import.meta.url);
type Multer = () => { single(field: string): RequestHandler; any(): RequestHandler };
type BodyParser = { json(): RequestHandler };

const MULTIPART = [
  '--B',
  'Content-Disposition: form-data; name="message"',
  '',
  'Weather in Oslo?',
  '--B',
  'Content-Disposition: form-data; name="file"; filename="a.txt"',
  'Content-Type: text/plain',
  '',
  'text',
  '--B--',
  '',
].join('\r\n');
const JSON_BODY = JSON.stringify({ message: 'Weather in Oslo?' });

/** Handlers that come between, and lose the async context or might. */
const BETWEEN: [string, () => RequestHandler[], string?][] = [
  ['body-parser 1.19', () => [(require('body-parser-v1-19') as BodyParser).json()]],
  ['multer 1.4.5', () => [(require('multer-v1') as Multer)().any()], MULTIPART],
  ['multer 2.0', () => [(require('multer-v2-0') as Multer)().single('file')], MULTIPART],
  ['multer 2.4', () => [(require('multer') as Multer)().single('file')], MULTIPART],
  [
    "the request's own data and end events",
    () => [
      (req, _res, next) => {
        const chunks: Buffer[] = [];
        req.on('data', (chunk: Buffer) => chunks.push(chunk));
        req.on('end', () => {
          req.body = JSON.parse(Buffer.concat(chunks).toString());
          next();
        });
      },
    ],
  ],
  [
    "the request's readable event",
    () => [
      (req, _res, next) => {
        let text = '';
        req.on('readable', () => {
          for (let chunk = req.read(); chunk !== null; chunk = req.read()) text += chunk;
        });
        req.once('end', () => {
          req.body = JSON.parse(text);
          next();
        });
      },
    ],
  ],
  [
    'for await over the request',
    () => [
      async (req, _res, next) => {
        let text = '';
        for await (const chunk of req) text += chunk;
        req.body = JSON.parse(text);
        next();
      },
    ],
  ],
];

describe.each(VERSIONS)('Express $version keeps the run', ({ express, tells }) => {
  const chat = async (_req: Request, res: Response, next: NextFunction) => {
    try {
      res.json({ answer: await model('Hi', 'x'), body: _req.body.message });
    } catch (error) {
      next(error);
    }
  };

  test.each(BETWEEN)('after %s, with a body in two packets', async (_what, handlers, multipart) => {
    const app = express();
    app.use(observatory());
    app.post('/chat', ...handlers(), chat);
    await using server = await serve(app);
    const body = multipart ?? JSON_BODY;
    const type = multipart ? 'multipart/form-data; boundary=B' : 'application/json';
    const client = await rawClient(
      server.port,
      `POST /chat HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
    );
    // One packet would arrive with the headers, in their context.
    await sleep(20);
    client.socket.write(body.slice(20));
    expect(await client.until(/"answer":"x".*\}/)).toContain('"body":"Weather in Oslo?"');
    await server.captured.settled({ runs: 1 });
    expect(server.captured.allRuns).toMatchObject([
      { name: 'POST /chat', prompt: { user_prompt: 'Weather in Oslo?' }, steps: [{}] },
    ]);
  });

  test("after a queue that somebody else's request drains", async () => {
    const queue = new EventEmitter();
    const app = express();
    app.use(observatory());
    const wait: RequestHandler = (_req, _res, next) => {
      queue.once('go', () => next());
    };
    // Where the router does not tell, a second observatory() finds the run again.
    app.get('/waits', wait, ...(tells ? [] : [observatory()]), chat as RequestHandler);
    app.get('/drains', async (_req, res) => {
      await model('drain', 'x');
      queue.emit('go');
      res.end();
    });
    app.use((req, _res, next) => {
      req.body = {};
      next();
    });
    app.use(
      (_error: unknown, _req: Request, res: Response, _next: NextFunction) => void res.status(500).end(),
    );
    await using server = await serve((req, res) => {
      (req as { body?: unknown }).body = {};
      app(req, res);
    });
    const waits = fetch(`${server.url}/waits`);
    while (queue.listenerCount('go') === 0) await sleep(2);
    await (await fetch(`${server.url}/drains`)).text();
    await (await waits).text();
    await server.captured.settled({ runs: 2 });
    expect(server.captured.runs.map(({ name, steps }) => [name, steps.length]).sort()).toEqual([
      ['GET /drains', 1],
      ['GET /waits', 1],
    ]);
  });

  test('a pool of callbacks answers in the run of whoever drains it, unless they are bound', async () => {
    const pool: (() => void)[] = [];
    const seen = { plain: '', bound: '' };
    const filled = gate();
    const app = express();
    app.use(observatory());
    app.get('/first', (_req, res) => {
      const own = currentRun()?.runId;
      const name = () => (currentRun()?.runId === own ? 'own' : 'another');
      pool.push(() => {
        seen.plain = name();
      });
      pool.push(
        bind(() => {
          seen.bound = name();
          res.end();
        }),
      );
      filled.open();
    });
    app.get('/second', (_req, res) => {
      for (const callback of pool) callback();
      res.end();
    });
    await using server = await serve(app);
    const first = fetch(`${server.url}/first`);
    await filled.promise;
    await fetch(`${server.url}/second`);
    await first;
    expect(seen).toEqual({ plain: 'another', bound: 'own' });
  });

  test('and a job that outlives its request is not taken for it for ever', async () => {
    let job: ReturnType<typeof setInterval> | undefined;
    const app = express();
    app.use(observatory());
    app.get('/starts', (_req, res) => {
      job = setInterval(() => {}, 1_000);
      res.end();
    });
    await using server = await serve(app);
    await fetch(`${server.url}/starts`);
    clearInterval(job);
    await server.captured.settled();
    expect(server.captured.items).toEqual([]);
  });

  test('prompts as they were before the handler changed them', async () => {
    const app = express();
    app.use(observatory());
    app.use(express.json());
    app.post('/chat', async (req, res) => {
      await model('Hi', 'x');
      req.body.messages.push({ role: 'assistant', content: 'x' }, { role: 'user', content: 'not the user' });
      await model('Hi', 'y');
      res.json({});
    });
    await using server = await serve(app);
    await post(`${server.url}/chat`, { messages: [{ role: 'user', content: 'the user' }] });
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs[0]?.prompt.user_prompt).toBe('the user');
  });
});
