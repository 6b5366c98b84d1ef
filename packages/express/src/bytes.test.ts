import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import compression from 'compression';
import type { Request, Response } from 'express';
import { describe, expect, test } from 'vitest';
import { gate, model, rawClient, serve, VERSIONS } from './express.test.support.js';
import { observatory } from './index.js';

/** Every way a response is written. */
const SHAPES: Record<string, (req: Request, res: Response) => unknown> = {
  json: (_req, res) => res.json({ a: 'ä€😀'.repeat(50) }),
  text: (_req, res) => res.send('text'),
  buffer: (_req, res) => res.send(Buffer.from([0, 1, 2, 255])),
  empty: (_req, res) => res.end(),
  'end with encodings': (_req, res) => {
    res.write('68656c6c6f', 'hex');
    res.end('IQ==', 'base64');
  },
  'end with callback': (_req, res) => {
    res.write('with', () => res.end('callback', () => {}));
  },
  'writeHead and chunks': (_req, res) => {
    res.writeHead(201, 'Made', { 'X-A': '1', 'set-cookie': ['a=1', 'b=2'] });
    res.write('one');
    res.write(new Uint8Array([116, 119, 111]));
    res.end();
  },
  'a character in two chunks': (_req, res) => {
    const bytes = Buffer.from('€');
    res.write(bytes.subarray(0, 1));
    res.end(bytes.subarray(1));
  },
  file: (_req, res) => res.sendFile(import.meta.filename),
  'server-sent events': async (_req, res) => {
    res.type('text/event-stream');
    for (const n of [1, 2, 3]) {
      res.write(`data: ${n}\n\n`);
      await sleep(1);
    }
    res.end();
  },
  'no content': (_req, res) => res.sendStatus(204),
  trailers: (_req, res) => {
    res.setHeader('Trailer', 'X-Sum');
    res.write('body');
    res.addTrailers({ 'X-Sum': '42' });
    res.end();
  },
  redirect: (_req, res) => res.redirect('/elsewhere'),
};

describe.each(VERSIONS)('Express $version answers the same bytes', ({ express }) => {
  test.each([
    ['no compression', [], []],
    ['compression before', [compression({ threshold: 0 })], []],
    ['compression after', [], [compression({ threshold: 0 })]],
  ])('with %s', async (_what, before, after) => {
    const answers = async (observed: boolean) => {
      const app = express();
      app.use(...before, (_req, _res, next) => next());
      if (observed) app.use(observatory());
      app.use(...after, (_req, _res, next) => next());
      for (const [name, write] of Object.entries(SHAPES)) {
        app.get(`/${encodeURIComponent(name)}`, (req, res) => {
          void model('Hi', 'x');
          void write(req, res);
        });
      }
      await using server = await serve(app);
      const hashes: Record<string, string> = {};
      for (const name of Object.keys(SHAPES)) {
        // Node refuses trailers without a body, and compression takes no callbacks, with and without us.
        if (name === 'end with callback' && before.length + after.length > 0) continue;
        for (const method of name === 'trailers' ? ['GET'] : ['GET', 'HEAD']) {
          const client = await rawClient(
            server.port,
            `${method} /${encodeURIComponent(name)} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`,
          );
          await new Promise((resolve) => client.socket.once('close', resolve));
          const bytes = client.received().replace(/^Date: .*$/m, 'Date:');
          hashes[`${method} ${name}`] =
            `${bytes.split('\r\n')[0]} ${createHash('sha256').update(bytes).digest('hex')}`;
        }
      }
      return hashes;
    };
    expect(await answers(true)).toEqual(await answers(false));
  });

  test('as they are made: the first event is there before the second exists', async () => {
    const clientHasFirst = gate();
    const app = express();
    app.use(observatory());
    app.get('/events', async (_req, res) => {
      res.type('text/event-stream');
      res.write('data: 1\n\n');
      await clientHasFirst.promise;
      res.write(`data: ${await model('Hi', '2')}\n\n`);
      res.end();
    });
    await using server = await serve(app);
    const client = await rawClient(server.port, 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/data: 1\n\n/);
    clientHasFirst.open();
    await client.until(/data: 2\n\n/);
    await server.captured.settled({ runs: 1 });
    expect(server.captured.runs[0]).toMatchObject({ outcome: 'ok' });
  });

  test('no faster than the client reads: 3,000 chunks wait for drain as often as without', async () => {
    const drains = async (observed: boolean) => {
      let waits = 0;
      let written = 0;
      const app = express();
      if (observed) app.use(observatory());
      app.get('/large', async (_req, res) => {
        await model('Hi', 'x');
        for (; written < 3_000; written++) {
          if (!res.write(Buffer.alloc(16_384))) {
            waits++;
            await new Promise((resolve) => res.once('drain', resolve));
          }
        }
        res.end();
      });
      await using server = await serve(app);
      const client = await rawClient(
        server.port,
        'GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      );
      client.socket.pause();
      // Until the pipes are full and nothing moves.
      let before = -1;
      while (written !== before) {
        before = written;
        await sleep(100);
      }
      const ahead = written;
      client.socket.resume();
      await new Promise((resolve) => client.socket.once('close', resolve));
      await server.captured.settled();
      return { ahead, waits, written };
    };
    const bare = await drains(false);
    const observed = await drains(true);
    expect(bare.ahead).toBeLessThan(2_000);
    // How much a socket takes differs a little from one to the next.
    expect(observed.ahead).toBeLessThanOrEqual(bare.ahead + 200);
    expect(observed.written).toBe(3_000);
    expect(observed.waits).toBeGreaterThan(0);
  });
});
