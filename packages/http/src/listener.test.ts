import { createServer, type RequestListener } from 'node:http';
import { connect as connect2, constants, createServer as createServer2 } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { configure, traced, withRun } from '@observatory/core';
import { captureRuns } from '@observatory/testing';
import { expect, test } from 'vitest';
import { listener } from './index.js';

const model = traced(async (_prompt: string, answer: string) => sleep(1, answer), {
  as: 'step',
  name: 'gpt-test',
});

async function serve(onRequest: RequestListener) {
  const captured = captureRuns();
  const server = createServer(onRequest);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    captured,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await captured.settled();
      captured.restore();
    },
  };
}

test('a bare request is a run by what its model calls hear and say, or by what options read', async () => {
  await using server = await serve(
    listener(
      async (req, res) => {
        const question = await text(req);
        res.end(await model(question, 'Rain.'));
      },
      {
        name: (req) => `agent at ${req.url}`,
        prompt: async (req) => `asked of ${req.headers['x-who']}`,
        response: () => 'said',
        session: () => 's-1',
        user: () => 'u-1',
        tags: ['web'],
        metadata: (req) => ({ host: req.headers.host }),
      },
    ),
  );
  const answer = await fetch(`${server.url}/a`, {
    method: 'POST',
    body: 'Weather?',
    headers: { 'x-who': 'me' },
  });
  expect(await answer.text()).toBe('Rain.');
  await server.captured.settled({ runs: 1 });
  expect(server.captured.runs).toMatchObject([
    {
      name: 'agent at /a',
      prompt: { user_prompt: 'asked of me' },
      response: 'said',
      session_id: 's-1',
      user_id: 'u-1',
      tags: ['web'],
      metadata: { host: `127.0.0.1:${server.port}`, http_status: 200 },
      steps: [{}],
    },
  ]);
});

test('options that throw, reject or hang are left out, said once, and change nothing else', async () => {
  const said: string[] = [];
  configure({ onDiagnostic: ({ kind }) => void said.push(kind) });
  const broken = (): never => {
    throw new Error('broken option');
  };
  await using server = await serve(
    listener(async (_req, res) => void res.end(await model('Hi', 'x')), {
      name: broken,
      prompt: () => Promise.reject(new Error('broken option')),
      session: () => new Promise(() => {}),
      user: broken,
      metadata: broken,
      skip: [broken],
    }),
  );
  expect(await (await fetch(server.url)).text()).toBe('x');
  await server.captured.settled({ runs: 1 });
  expect(server.captured.runs).toMatchObject([{ outcome: 'ok', steps: [{}] }]);
  expect(new Set(said)).toEqual(new Set(['http-option-failed']));
  configure({ onDiagnostic: undefined as never });
});

test('what is secret is never captured by itself', async () => {
  await using server = await serve(
    listener(async (req, res) => {
      (req as { body?: unknown }).body = { message: 'Hi', password: 'body-secret' };
      res.setHeader('set-cookie', 'session=cookie-secret');
      res.end(await model('Hi', 'x'));
    }),
  );
  await (
    await fetch(`${server.url}/chat?token=query-secret`, {
      headers: {
        authorization: 'Bearer header-secret',
        'proxy-authorization': 'Basic header-secret',
        cookie: 'session=cookie-secret',
        'x-api-key': 'header-secret',
        'x-forwarded-for': '203.0.113.7',
      },
    })
  ).text();
  await server.captured.settled({ runs: 1 });
  expect(JSON.stringify(server.captured.items)).not.toMatch(/-secret|203\.0\.113|127\.0\.0\.1/);
});

test('what is asked for is captured', async () => {
  await using server = await serve(
    listener(
      async (req, res) => {
        (req as { body?: unknown }).body = { message: 'Hi', extra: 1 };
        res.end(await model('Hi', 'x'));
      },
      { capture: { requestBody: true, headers: ['X-Tenant', 'absent'], query: true, ip: true } },
    ),
  );
  await (await fetch(`${server.url}/chat?page=2`, { headers: { 'x-tenant': 'acme' } })).text();
  await server.captured.settled({ runs: 1 });
  expect(server.captured.runs).toMatchObject([
    {
      prompt: { user_prompt: 'Hi', full_input: '{"message":"Hi","extra":1}' },
      metadata: { http_header_x_tenant: 'acme', http_query: 'page=2', client_ip: '127.0.0.1' },
    },
  ]);
});

test('only, skip and always choose requests by their full path', async () => {
  const handle: RequestListener = async (req, res) => {
    if (req.url !== '/agent/idle') await model('Hi', 'x');
    res.end();
  };
  await using server = await serve(
    listener(handle, {
      only: ['/agent/*', /^\/chat/],
      skip: ({ path }) => path.endsWith('/quiet'),
      always: '/agent/idle',
    }),
  );
  for (const path of ['/agent/a', '/chat?x=1', '/agent/quiet', '/other', '/agent/idle']) {
    await (await fetch(server.url + path)).text();
  }
  await server.captured.settled({ runs: 3 });
  // What is left out is left out whole: no step of it opens a run of its own.
  expect(server.captured.allRuns.map(({ name }) => name)).toEqual([
    'GET /agent/a',
    'GET /chat',
    'GET /agent/idle',
  ]);
});

test('a listener throws and rejects as it did', async () => {
  const unhandled: unknown[] = [];
  const before = process.listeners('unhandledRejection');
  process
    .removeAllListeners('unhandledRejection')
    .on('unhandledRejection', (reason) => unhandled.push(reason));
  const error = new Error('broken agent');
  await using server = await serve(
    listener(async (_req, res) => {
      await model('Hi', 'x');
      res.statusCode = 500;
      res.end();
      throw error;
    }),
  );
  await (await fetch(server.url)).text();
  await server.captured.settled({ runs: 1 });
  process.removeAllListeners('unhandledRejection');
  for (const one of before) process.on('unhandledRejection', one);
  expect(unhandled).toEqual([error]);
  expect(server.captured.runs).toMatchObject([{ outcome: 'error', status_message: 'broken agent' }]);
  const thrower = listener(() => {
    throw error;
  });
  expect(() =>
    thrower({ headers: {}, emit: () => true, once() {} } as never, { once() {} } as never),
  ).toThrow(error);
});

test('a WebSocket upgrade is left alone', async () => {
  await using server = await serve(listener((_req, res) => void res.end()));
  server.server.on('upgrade', (_req, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const [answer] = await Promise.all([text(socket), new Promise((resolve) => socket.once('close', resolve))]);
  expect(answer).toContain('101');
  expect(server.captured.items).toEqual([]);
});

test('a server that was started inside a run has requests of their own all the same', async () => {
  const { server, served } = await withRun({ name: 'boot' }, async () => {
    const served = await serve(listener(async (_req, res) => void res.end(await model('Hi', 'x'))));
    return { server: served.server, served };
  });
  await (await fetch(served.url)).text();
  await served.captured.settled({ runs: 1 });
  expect(served.captured.runs.find(({ name }) => name === 'GET /')).toMatchObject({ steps: [{}] });
  expect(served.captured.runs.find(({ name }) => name === 'GET /')?.parent_run_id).toBeUndefined();
  expect(server.listening).toBe(true);
  await served[Symbol.asyncDispose]();
});

test('an HTTP/2 request that its client cancels is cancelled, and one that it reads is not', async () => {
  using captured = captureRuns();
  let open!: () => void;
  const cancelled = new Promise<void>((resolve) => {
    open = resolve;
  });
  const server = createServer2(
    listener(async (req, res) => {
      await model('Hi', 'x');
      if (req.url === '/whole') return void res.end('whole');
      res.write('half');
      await cancelled;
      res.end('never read');
    }) as never,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(await text(client.request({ ':path': '/whole' }))).toBe('whole');
  const stream = client.request({ ':path': '/cancelled' });
  await new Promise((resolve) => stream.once('data', resolve));
  stream.on('error', () => {});
  stream.close(constants.NGHTTP2_CANCEL);
  await new Promise((resolve) => stream.once('close', resolve));
  await sleep(20);
  open();
  await captured.settled({ runs: 2 });
  expect(captured.runs.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['GET /whole', 'ok'],
    ['GET /cancelled', 'cancelled'],
  ]);
  client.close();
  await new Promise((resolve) => server.close(resolve));
});
