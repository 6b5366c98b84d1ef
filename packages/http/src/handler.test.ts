import { setTimeout as sleep } from 'node:timers/promises';
import { currentRun, traced, withRun } from '@observatory/core';
import { recorder } from '@observatory/core/recorder';
import { captureRuns } from '@observatory/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { handler } from './index.js';

const model = traced(async (_prompt: string, answer: string) => sleep(1, answer), {
  as: 'step',
  name: 'gpt-test',
});
const encoder = new TextEncoder();
let captured: ReturnType<typeof captureRuns>;

beforeEach(() => {
  captured = captureRuns();
});

afterEach(async () => {
  await captured.settled();
  captured.restore();
});

const chat = (body: unknown) =>
  new Request('http://app/api/chat?token=secret', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('a fetch-style handler', () => {
  const body = { messages: [{ role: 'user', content: 'Weather?' }], threadId: 't-1' };

  test.each([
    ['json()', (request: Request) => request.json()],
    ['text()', (request: Request) => request.text()],
    ['a clone', (request: Request) => request.clone().json()],
  ])('has the prompt and session of the body that it read with %s', async (_how, read) => {
    const POST = handler(async (request: Request, context: { params: string }) => {
      await read(request);
      return Response.json({ answer: await model('Hi', 'Rain.'), params: context.params });
    });
    const response = await POST(chat(body), { params: 'p' });
    expect(await response.json()).toEqual({ answer: 'Rain.', params: 'p' });
    await captured.settled({ runs: 1 });
    expect(captured.runs).toMatchObject([
      {
        name: 'POST /api/chat',
        prompt: { user_prompt: 'Weather?' },
        response: 'Rain.',
        session_id: 't-1',
        outcome: 'ok',
        metadata: { http_path: '/api/chat', http_status: 200 },
      },
    ]);
  });

  test('whose body is read past us, or is no JSON, takes the prompt from its first step', async () => {
    const POST = handler(async (request: Request) => {
      const run = currentRun();
      run
        ?.step()
        .prompt([{ role: 'user', content: `heard ${await new Response(request.body).text()}` }])
        .end();
      return new Response('ok');
    });
    await (await POST(chat('{not json'))).text();
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]?.prompt.user_prompt).toBe('heard {not json');
  });

  test('stays sync where it was, hands on what it is given, and leaves other requests alone', async () => {
    const handle = handler(
      (request: Request, ...rest: unknown[]) => new Response(`${request.method} ${rest}`),
    );
    const response = handle(new Request('http://app/'), 1, 2);
    expect(response).toBeInstanceOf(Response);
    expect(await response.text()).toBe('GET 1,2');
    expect(captured.items).toEqual([]);
  });

  test('that throws or answers 5xx is an error; redirects and refusals are none', async () => {
    const outcomes: Record<string, () => Promise<Response>> = {
      thrown: async () => {
        throw new Error('broken agent');
      },
      'a 503': async () => new Response('', { status: 503 }),
      'redirect()': async () => {
        throw Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;replace;/login;307;' });
      },
      'a thrown 403': async () => {
        throw new Response('', { status: 403 });
      },
      'a provider error': async () => {
        throw Object.assign(new Error('429 rate limit'), { status: 429 });
      },
    };
    for (const answer of Object.values(outcomes)) {
      const handle = handler(async () => {
        await model('Hi', 'x');
        return answer();
      });
      await handle(new Request('http://app/'))
        .then((response) => response.text())
        .catch(() => {});
    }
    await captured.settled({ runs: 5 });
    expect(captured.runs.map(({ outcome, status_message }) => [outcome, status_message])).toEqual([
      ['error', 'broken agent'],
      ['error', 'HTTP 503'],
      ['ok', undefined],
      ['ok', undefined],
      ['error', '429 rate limit'],
    ]);
  });

  test('that throws because its client left is cancelled', async () => {
    const leave = new AbortController();
    const handle = handler(async (request: Request) => {
      await model('Hi', 'x');
      leave.abort();
      request.signal.throwIfAborted();
      return new Response();
    });
    await handle(new Request('http://app/', { signal: leave.signal })).catch(() => {});
    await captured.settled({ runs: 1 });
    expect(captured.runs).toMatchObject([{ outcome: 'cancelled', metadata: { http_status: 499 } }]);
  });

  test('that ended its run by hand is right about how', async () => {
    const record = recorder('test/1.0.0');
    const handle = handler(async () => {
      await model('Hi', 'x');
      await record.endRun(record.scope()!.run, { outcome: 'interrupted' });
      return Response.json({ state: 'waiting for approval' });
    });
    await handle(new Request('http://app/'));
    await captured.settled({ runs: 1 });
    expect(captured.runs).toMatchObject([{ outcome: 'interrupted', metadata: { http_status: 200 } }]);
  });

  test('inside another is one run', async () => {
    const inner = handler(async () => new Response(await model('Hi', 'x')), { name: 'inner' });
    const outer = handler((request: Request) => inner(request), { name: 'outer' });
    expect(await (await outer(new Request('http://app/'))).text()).toBe('x');
    await captured.settled({ runs: 1 });
    expect(captured.allRuns).toMatchObject([{ name: 'outer', steps: [{}] }]);
  });

  test('called from an agent is nested in its run', async () => {
    const tool = handler(async () => new Response(await model('Hi', 'x')), { name: 'tool-service' });
    await withRun({ name: 'agent' }, async (run) => {
      run.prompt('Hi');
      await (await tool(new Request('http://app/search'))).text();
    });
    await captured.settled({ runs: 1 });
    expect(captured.runs).toMatchObject([{ name: 'agent', runs: [{ name: 'tool-service' }] }]);
  });

  test('asks a platform that freezes to wait for the delivery', async () => {
    const waiting: Promise<unknown>[] = [];
    const worker = handler(
      async (_request: Request, _env: object, _context: { waitUntil(promise: Promise<unknown>): void }) =>
        new Response(await model('Hi', 'x')),
    );
    const context = { waitUntil: (promise: Promise<unknown>) => void waiting.push(promise) };
    await (await worker(new Request('http://app/'), {}, context)).text();
    expect(waiting).toHaveLength(1);
    await Promise.all(waiting);
    expect(captured.runs).toMatchObject([{ outcome: 'ok' }]);
  });

  test('leaves a WebSocket upgrade alone', async () => {
    const handle = handler(() => {
      currentRun()?.prompt('no run here');
      return new Response(null);
    });
    handle(new Request('http://app/', { headers: { upgrade: 'websocket' } }));
    expect(captured.items).toEqual([]);
  });
});

describe('a streamed answer', () => {
  const events = (make: () => AsyncGenerator<string>) =>
    handler(() => {
      const source = make();
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const { done, value } = await source.next();
            if (done) controller.close();
            else controller.enqueue(encoder.encode(value));
          },
          cancel: async () => void (await source.return(undefined)),
        },
        { highWaterMark: 0 },
      );
      return new Response(body, {
        headers: { 'content-type': 'text/event-stream', 'x-own': '1' },
        status: 201,
      });
    });

  test('is made in its run, byte for byte, with its status and headers, and ends it', async () => {
    const handle = events(async function* () {
      yield 'one ';
      yield await model('Hi', 'two');
    });
    const response = handle(new Request('http://app/'));
    expect([response.status, response.headers.get('x-own')]).toEqual([201, '1']);
    expect(await response.text()).toBe('one two');
    await captured.settled({ runs: 1 });
    expect(captured.runs).toMatchObject([{ outcome: 'ok', steps: [{}], metadata: { http_status: 201 } }]);
  });

  test('that breaks is an error, and the reader gets it', async () => {
    const handle = events(async function* () {
      yield await model('Hi', 'x');
      throw new Error('upstream broke');
    });
    await expect(handle(new Request('http://app/')).text()).rejects.toThrow('upstream broke');
    await captured.settled({ runs: 1 });
    expect(captured.runs).toMatchObject([{ outcome: 'error', status_message: 'upstream broke' }]);
  });

  test('that its reader leaves is cancelled, at the source too', async () => {
    let cleaned: string | undefined;
    const handle = events(async function* () {
      try {
        for (;;) yield await model('Hi', 'x');
      } finally {
        cleaned = currentRun()?.runId;
      }
    });
    const reader = handle(new Request('http://app/')).body!.getReader();
    await reader.read();
    await reader.cancel('left');
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]).toMatchObject({ outcome: 'cancelled', run_id: cleaned });
  });

  test('is made only as fast as it is read: of 3,000 chunks, as many as were asked for', async () => {
    let made = 0;
    const handle = events(async function* () {
      for (; made < 3_000; made++) yield 'chunk';
    });
    const reader = handle(new Request('http://app/')).body!.getReader();
    for (let i = 0; i < 10; i++) await reader.read();
    await sleep(20);
    expect(made).toBeLessThanOrEqual(10);
    while (!(await reader.read()).done);
    expect(made).toBe(3_000);
  });

  test('that nobody ever reads does not stay open', async () => {
    const handle = handler(
      async () => {
        await model('Hi', 'x');
        return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } });
      },
      { graceMs: 20 },
    );
    await handle(new Request('http://app/'));
    await captured.settled({ runs: 1 });
    expect(captured.runs).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('of a HEAD request, and an answer with a length, are handed on as they are', async () => {
    for (const [method, headers] of [
      ['HEAD', { 'content-type': 'text/event-stream' }],
      ['GET', { 'content-type': 'text/plain', 'content-length': '4' }],
    ] as const) {
      const made = new Response('body', { headers });
      const handle = handler(async () => {
        await model('Hi', 'x');
        return made;
      });
      expect(await handle(new Request('http://app/', { method }))).toBe(made);
    }
    await captured.settled({ runs: 2 });
    expect(captured.runs).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
  });
});

test('the id of the run can be exposed, also on answers whose headers are fixed', async () => {
  const fixed = Response.redirect('http://app/elsewhere', 302);
  const handle = handler(
    async () => {
      await model('Hi', 'x');
      return fixed;
    },
    { exposeRunId: 'x-run' },
  );
  const response = await handle(new Request('http://app/'));
  await captured.settled({ runs: 1 });
  expect(response.headers.get('x-run')).toBe(captured.runs[0]?.run_id);
  expect(response.headers.get('location')).toBe('http://app/elsewhere');
});
