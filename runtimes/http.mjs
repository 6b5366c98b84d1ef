/**
 * What a request's run must be on every runtime, as one program: Hono and a fetch handler on the runtime's own server, Express on
 * its node:http. Prints what was recorded as JSON; the test beside it says what that has to be.
 */
import { createServer } from 'node:http';
import { currentRun, traced } from '@observatory/core';
import { observatory as expressObservatory } from '@observatory/express';
import { observatory } from '@observatory/hono';
import { handler } from '@observatory/http';
import { captureRuns } from '@observatory/testing';
import express from 'express';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';

const captured = captureRuns();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const model = traced(async (_prompt, answer) => sleep(1).then(() => answer), {
  as: 'step',
  name: 'gpt-test',
});
const encoder = new TextEncoder();
const cleaned = [];

async function* endless() {
  try {
    for (;;) {
      yield encoder.encode(`data: ${await model('Hi', 'chunk')}\n\n`);
    }
  } finally {
    cleaned.push(currentRun()?.runId);
  }
}

const stream = (generator) =>
  new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await generator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await generator.return()),
    },
    { highWaterMark: 0 },
  );
const events = { headers: { 'content-type': 'text/event-stream' } };

const app = new Hono()
  .use(observatory())
  .get('/health', (c) => c.text('ok'))
  .post('/json/:id', async (c) => {
    const { messages } = await c.req.json();
    return c.json({ answer: await model(messages[0].content, 'Rain.') });
  })
  .get('/sse', (c) => streamSSE(c, async (sse) => sse.writeSSE({ data: await model('Hi', 'streamed') })))
  .get(
    '/lazy',
    () =>
      new Response(
        stream(
          (async function* () {
            yield encoder.encode(await model('Hi', 'lazy'));
          })(),
        ),
        events,
      ),
  )
  .post(
    '/breaks',
    () =>
      new Response(
        stream(
          (async function* () {
            yield encoder.encode(await model('Hi', 'half'));
            throw new Error('upstream broke');
          })(),
        ),
        events,
      ),
  )
  .get('/left', () => new Response(stream(endless()), events))
  .get('/error', async () => {
    await model('Hi', 'x');
    throw new Error('broken agent');
  })
  .onError((error, c) => c.text(error.message, 500));

const bare = handler(async (request) => {
  const { prompt } = await request.json();
  return Response.json({ answer: await model(prompt, 'from the handler') });
});

const route = (request, ...rest) =>
  new URL(request.url).pathname === '/bare' ? bare(request, ...rest) : app.fetch(request);

/** The runtime's own server. */
async function serveFetch() {
  if (globalThis.Bun) {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => route(request) });
    return { url: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) };
  }
  if (globalThis.Deno) {
    const server = Deno.serve(
      { port: 0, hostname: '127.0.0.1', onListen() {}, onError: () => new Response('', { status: 500 }) },
      (request, info) => route(request, info),
    );
    return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
  }
  const { serve } = await import('@hono/node-server');
  return new Promise((resolve) => {
    const server = serve(
      {
        fetch: (request, env) =>
          new URL(request.url).pathname === '/bare' ? bare(request) : app.fetch(request, env),
        port: 0,
        hostname: '127.0.0.1',
      },
      ({ port }) => resolve({ url: `http://127.0.0.1:${port}`, close: () => server.closeAllConnections() }),
    );
  });
}

const expressApp = express();
expressApp.set('env', 'test');
expressApp.use(expressObservatory());
expressApp.use(express.json());
expressApp.post('/express/:id', async (req, res) =>
  res.json({ answer: await model(req.body.message, 'from Express') }),
);
expressApp.get('/express-error', async () => {
  await model('Hi', 'x');
  throw new Error('broken in Express');
});
expressApp.get('/express-left', async (_req, res) => {
  res.setHeader('content-type', 'text/event-stream');
  let gone = false;
  res.once('close', () => {
    gone = true;
  });
  while (!gone) res.write(`data: ${await model('Hi', 'chunk')}\n\n`);
});
const nodeServer = createServer(expressApp);
await new Promise((resolve) => nodeServer.listen(0, '127.0.0.1', resolve));
const nodeUrl = `http://127.0.0.1:${nodeServer.address().port}`;

const { url, close } = await serveFetch();
const post = (to, body) =>
  fetch(to, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const read = async (response) => {
  try {
    return await (await response).text();
  } catch {
    return 'broke';
  }
};
const leave = async (to) => {
  const abort = new AbortController();
  const response = await fetch(to, { signal: abort.signal });
  await response.body.getReader().read();
  abort.abort();
};

const answers = [
  await read(fetch(`${url}/health`)),
  await read(post(`${url}/json/7`, { messages: [{ role: 'user', content: 'Weather?' }], threadId: 't-1' })),
  await read(fetch(`${url}/sse`)),
  await read(fetch(`${url}/lazy`)),
  await read(fetch(`${url}/error`)),
  await read(post(`${url}/bare`, { prompt: 'Bare?' })),
  await read(post(`${nodeUrl}/express/7`, { message: 'Express?' })),
  await read(fetch(`${nodeUrl}/express-error`)).then(() => 'answered'),
];
await read(post(`${url}/breaks`, {}));
await leave(`${url}/left`);
await leave(`${nodeUrl}/express-left`);
await captured.settled({ runs: 10, timeoutMs: 20_000 });

const left = captured.runs.find(({ name }) => name === 'GET /left');
console.log(
  JSON.stringify({
    answers,
    runs: captured.runs.map(({ name, outcome, status_message, prompt, response, session_id, steps }) => ({
      name,
      outcome,
      ...(status_message ? { status_message } : {}),
      prompt: prompt.user_prompt,
      ...(name === 'GET /left' || name === 'GET /express-left' ? {} : { response, steps: steps.length }),
      ...(session_id ? { session_id } : {}),
    })),
    cleanedInItsRun: cleaned.length === 1 && cleaned[0] === left?.run_id,
  }),
);
await close();
nodeServer.closeAllConnections?.();
nodeServer.close();
setTimeout(() => globalThis.process.exit(0), 50);
