import { captureRuns, modelServer } from '@observatory/testing';
import { describe, expect, test, vi } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';
import { chat, lines, user } from './lines.test.support.js';

const handler = () => ({ callbacks: [new ObservatoryCallbackHandler()] });
const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(lines)('how runs end on %s', (name, line) => {
  const { MessagesAnnotation, RunnableLambda, StateGraph } = line;

  test("a provider's error fails the step and the run, and reaches the caller as it is", async () => {
    await using server = await modelServer([{ error: { status: 400, message: 'Bad tools' } }]);
    using captured = captureRuns();
    const failure = await chat(line, server)
      .invoke('Hi', handler())
      .catch((error: unknown) => error);
    expect(String(failure)).toContain('Bad tools');
    expect(captured.runs).toMatchObject([
      {
        outcome: 'error',
        status_code: 2,
        status_message: expect.stringContaining('Bad tools'),
        steps: [{ outcome: 'error', status_message: expect.stringContaining('Bad tools') }],
      },
    ]);
  });

  test('an abort cancels, whatever LangChain calls it', async () => {
    await using server = await modelServer([{ connection: 'hang' }]);
    using captured = captureRuns();
    const stop = new AbortController();
    const pending = chat(line, server).invoke('Hi', { ...handler(), signal: stop.signal });
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    stop.abort();
    await expect(pending).rejects.toThrow();
    await captured.settled();
    expect(captured.runs).toMatchObject([
      { outcome: 'cancelled', status_code: 0, steps: [{ outcome: 'cancelled', status_code: 0 }] },
    ]);
  });

  test('a stream that breaks off keeps what it brought', async () => {
    await using server = await modelServer([
      { text: ['One ', 'two ', 'three'], cut: { after: 3, with: 'drop' } },
    ]);
    using captured = captureRuns();
    const words: unknown[] = [];
    const read = async () => {
      for await (const chunk of await chat(line, server).stream('Hi', handler())) words.push(chunk.content);
    };
    await expect(read()).rejects.toThrow();
    await captured.settled();
    const [step] = captured.runs[0]!.steps;
    expect(['incomplete', 'error']).toContain(step!.outcome);
    expect(step!.output![0]!.content).toBe(words.join(''));
    expect(captured.runs[0]!.status_code).toBe(2);
  });

  test('aborting a stream keeps what it brought', async () => {
    await using server = await modelServer([
      { text: ['One ', 'two ', 'three '], cut: { after: 3, with: 'hang' } },
    ]);
    using captured = captureRuns();
    const stop = new AbortController();
    const read = async () => {
      const stream = await chat(line, server).stream('Hi', { ...handler(), signal: stop.signal });
      for await (const chunk of stream) if (chunk.content === 'two ') stop.abort();
    };
    await read().catch(() => undefined);
    await captured.settled();
    expect(captured.runs).toMatchObject([{ outcome: 'cancelled', steps: [{ outcome: 'cancelled' }] }]);
    expect(['One ', 'One two ']).toContain(captured.runs[0]!.steps[0]!.output![0]!.content);
  });

  test('an aborted stream that never says so is cancelled all the same', async () => {
    using captured = captureRuns();
    const [listener] = handler().callbacks;
    const stop = new AbortController();
    const start = (id: string) =>
      listener!.handleChatModelStart({}, [[user('Hi')]], id, undefined, { options: { signal: stop.signal } });
    // Callbacks are called inside the async function that they are about.
    await Promise.resolve().then(() => start('silent'));
    await Promise.resolve().then(() => start('ended'));
    listener!.handleLLMEnd({ generations: [[{ text: 'Done' }]] }, 'ended');
    stop.abort();
    await captured.settled();
    expect(captured.runs).toMatchObject([
      { outcome: 'cancelled', steps: [{ outcome: 'cancelled' }] },
      { outcome: 'ok' },
    ]);
  });

  test('fallbacks and retries are steps of a run that went well', async () => {
    await using server = await modelServer([
      { error: 500 },
      { text: 'From the second.', model: 'gpt-5-mini' },
      { error: 500 },
      'At the second try.',
    ]);
    using captured = captureRuns();
    const model = chat(line, server);
    await model.withFallbacks([chat(line, server, { model: 'gpt-5-mini' })]).invoke('Hi', handler());
    await model.withRetry({ stopAfterAttempt: 2 }).invoke('Ho', handler());
    expect(captured.runs).toMatchObject([
      {
        outcome: 'ok',
        response: 'From the second.',
        steps: [{ outcome: 'error' }, { model_requested: 'gpt-5-mini' }],
      },
      {
        outcome: 'ok',
        response: 'At the second try.',
        steps: [{ outcome: 'error' }, { metadata: { attempt: 2 } }],
      },
    ]);
  });

  test('what is thrown may be anything', async () => {
    using captured = captureRuns();
    for (const thrown of ['a string', undefined, { odd: 1n }]) {
      const chain = RunnableLambda.from((): string => {
        throw thrown;
      });
      await chain.invoke('x', handler()).catch(() => undefined);
    }
    expect(captured.runs).toMatchObject([
      { outcome: 'error', status_message: 'a string' },
      { outcome: 'error' },
      { outcome: 'error', status_message: '{"odd":"1"}' },
    ]);
  });

  test("one node's error is the run's, and a sibling that goes on after the end keeps its step", async () => {
    await using server = await modelServer(undefined, { timing: { delayMs: 20 } });
    using captured = captureRuns();
    const model = chat(line, server);
    let late: Promise<unknown> = Promise.resolve();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('bad', async () => {
        await tick(1);
        throw new Error('boom');
      })
      .addNode('slow', async (_state, config) => {
        late = tick(15).then(() => model.invoke('late', { ...config, signal: undefined as never }));
        await late;
        return { messages: [] };
      })
      .addEdge('__start__', 'bad')
      .addEdge('__start__', 'slow')
      .compile({ name: 'forked' });
    await expect(graph.invoke({ messages: [user('Go')] }, handler())).rejects.toThrow('boom');
    // LangGraph has aborted the sibling's signal by then; the call is made all the same.
    await late.catch(() => undefined);
    await captured.settled();
    expect(captured.runs).toMatchObject([
      {
        name: 'forked',
        outcome: 'error',
        status_message: 'boom',
        steps: [{ messages: [{ content: 'late' }] }],
      },
    ]);
  });

  // LangGraph 0.4 reports its time-out as `Abort` everywhere: it cannot be told from the host's own.
  const timedOut = name.endsWith('1.x') ? { outcome: 'timed_out', status_code: 2 } : { outcome: 'cancelled' };

  test("a graph's own time-out is no cancellation where it can be told from one", async () => {
    using captured = captureRuns();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('slow', async () => {
        await tick(300);
        return { messages: [] };
      })
      .addEdge('__start__', 'slow')
      .compile();
    graph.stepTimeout = 20;
    await expect(graph.invoke({ messages: [user('Go')] }, handler())).rejects.toThrow();
    await captured.settled();
    expect(captured.runs).toMatchObject([timedOut]);
  });

  test('too many steps is an error in words', async () => {
    using captured = captureRuns();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('again', async () => ({ messages: [] }))
      .addEdge('__start__', 'again')
      .addEdge('again', 'again')
      .compile();
    await expect(
      graph.invoke({ messages: [user('Go')] }, { ...handler(), recursionLimit: 3 }),
    ).rejects.toThrow();
    expect(captured.runs).toMatchObject([
      { outcome: 'error', status_message: expect.stringMatching(/recursion/i) },
    ]);
  });

  test('a signal that was aborted before is a cancelled run without a step', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const chain = RunnableLambda.from((x: string) => x).pipe(chat(line, server));
    await chain.invoke('x', { ...handler(), signal: AbortSignal.abort() }).catch(() => undefined);
    await captured.settled();
    for (const run of captured.runs) expect(run).toMatchObject({ outcome: 'cancelled', steps: [] });
    expect(server.requests).toHaveLength(0);
  });
});
