import { captureRuns, modelServer } from '@observatory/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';
import { chat, lines, user } from './lines.test.support.js';

const handler = () => ({ callbacks: [new ObservatoryCallbackHandler()] });
const drain = async (stream: AsyncIterable<unknown>) => {
  let chunks = 0;
  for await (const _ of stream) chunks++;
  return chunks;
};

/** Where LangChain guesses token counts it loads an encoding from the network. Here it finds nothing, at once. */
const { fetch } = globalThis;
beforeAll(() => {
  globalThis.fetch = (input, init) =>
    String(input).includes('tiktoken') ? Promise.resolve(new Response('none')) : fetch(input, init);
});
afterAll(() => {
  globalThis.fetch = fetch;
});

describe.each(lines)('model calls on %s', (_name, line) => {
  const { SystemMessage, HumanMessage, tool, z } = line;
  const usage = { prompt: 100, cached: 64, completion: 20, reasoning: 12 };
  const tokens = {
    prompt_uncached_tokens: 36,
    prompt_cached_tokens: 64,
    completion_tokens: 20,
    reasoning_tokens: 12,
  };

  test('a model called by itself is a run around its step', async () => {
    await using server = await modelServer([{ text: 'Hello Ada.', usage, model: 'gpt-5-2026-01-01' }]);
    using captured = captureRuns();
    await chat(line, server, { temperature: 0.5, maxTokens: 50 }).invoke(
      [new SystemMessage('Be kind.'), new HumanMessage('I am Ada')],
      handler(),
    );
    expect(captured.runs).toMatchObject([
      {
        prompt: { user_prompt: 'I am Ada', system_prompt: 'Be kind.' },
        response: 'Hello Ada.',
        steps: [
          {
            ...tokens,
            model_requested: 'gpt-5',
            model_used: 'gpt-5-2026-01-01',
            finish_reason: 'stop',
            parameters: { temperature: 0.5 },
            messages: [
              { role: 'system', content: 'Be kind.' },
              { role: 'user', content: 'I am Ada' },
            ],
            output: [{ role: 'assistant', content: 'Hello Ada.' }],
            metadata: { kind: 'chat', response_id: expect.stringMatching(/^chatcmpl-/) },
          },
        ],
      },
    ]);
    expect(captured.runs[0]!.steps[0]!.time_to_first_token_ms).toBeUndefined();
  });

  test('a stream has its usage, its whole text and the time to the first token that is not empty', async () => {
    await using server = await modelServer([
      { text: ['', 'Hel', 'lo'], usage, chunkDelayMs: (chunk) => (chunk < 2 ? 30 : 0) },
    ]);
    using captured = captureRuns();
    expect(await drain(await chat(line, server).stream('Hi', handler()))).toBeGreaterThan(2);
    const [step] = captured.runs[0]!.steps;
    expect(step).toMatchObject({ ...tokens, finish_reason: 'stop', output: [{ content: 'Hello' }] });
    expect(step!.time_to_first_token_ms).toBeGreaterThanOrEqual(29);
    expect(captured.runs[0]).toMatchObject({ response: 'Hello', outcome: 'ok' });
  });

  test('a model that streams behind `invoke` has its usage too', async () => {
    await using server = await modelServer([{ text: 'Hello', usage }]);
    using captured = captureRuns();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await chat(line, server, { streaming: true }).invoke('Hi', handler());
    warn.mockRestore();
    expect(captured.runs).toMatchObject([{ steps: [{ ...tokens, output: [{ content: 'Hello' }] }] }]);
  });

  test('usage that nobody sent is unknown, not nought', async () => {
    await using server = await modelServer([
      { text: 'Hello', usage: null },
      { text: 'Hello', usage: null },
    ]);
    using captured = captureRuns();
    await chat(line, server).invoke('Hi', handler());
    await drain(await chat(line, server, { streamUsage: false }).stream('Hi', handler()));
    for (const run of captured.runs) {
      expect(run.steps[0]!.completion_tokens).toBeUndefined();
      expect(run.steps[0]!.prompt_uncached_tokens).toBeUndefined();
    }
  });

  test('the Responses API: model, usage, finish reason, tool calls', async () => {
    await using server = await modelServer([
      { toolCalls: [{ name: 'look', args: { at: 'sky' }, id: 'call_1' }], usage },
      { text: 'Blue.', usage },
    ]);
    using captured = captureRuns();
    const model = chat(line, server, { useResponsesApi: true });
    const look = tool(async () => 'blue', {
      name: 'look',
      description: 'Looks',
      schema: z.object({ at: z.string() }),
    });
    await model.bindTools([look]).invoke('Look', handler());
    await drain(await model.stream('Look', handler()));
    expect(captured.runs).toMatchObject([
      {
        steps: [
          {
            ...tokens,
            model_used: 'gpt-5',
            output: [
              { tool_calls: [{ id: 'call_1', function: { name: 'look', arguments: '{"at":"sky"}' } }] },
            ],
            tool_definitions: [{ name: 'look' }],
          },
        ],
      },
      { response: 'Blue.', steps: [{ ...tokens, model_used: 'gpt-5', output: [{ content: 'Blue.' }] }] },
    ]);
    expect(captured.runs[1]!.steps[0]!.metadata?.response_id).toMatch(/^resp_/);
  });

  test('a batch is a run for each of its inputs', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    await chat(line, server).batch(['one', 'two', 'three'], handler());
    expect(captured.runs.map(({ prompt, response }) => [prompt.user_prompt, response])).toEqual([
      ['one', 'You said: one'],
      ['two', 'You said: two'],
      ['three', 'You said: three'],
    ]);
  });

  test('the prompts of one `generate` are a run each', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    await chat(line, server).generate([[new HumanMessage('one')], [new HumanMessage('two')]], handler());
    const responses = captured.runs.map(({ prompt, response }) => [prompt.user_prompt, response]);
    expect(responses.sort()).toEqual([
      ['one', 'You said: one'],
      ['two', 'You said: two'],
    ]);
    for (const run of captured.runs) expect(run).toMatchObject({ steps: [{}], runs: [] });
  });

  test('several choices are one step with its usage once', async () => {
    await using server = await modelServer([{ choices: [{ text: 'a' }, { text: 'b' }], usage }]);
    using captured = captureRuns();
    await chat(line, server, { n: 2 }).generate([[new HumanMessage('Hi')]], handler());
    expect(captured.runs).toMatchObject([
      { steps: [{ ...tokens, output: [{ content: 'a' }, { content: 'b' }] }] },
    ]);
  });

  test('an answer from a cache is marked and costs nothing', async () => {
    await using server = await modelServer([{ text: 'Hello', usage }]);
    using captured = captureRuns();
    const model = chat(line, server, { cache: true });
    await model.invoke('Hi there', handler());
    await model.invoke('Hi there', handler());
    expect(server.requests).toHaveLength(1);
    expect(captured.runs[0]).toMatchObject({ steps: [tokens] });
    const [step] = captured.runs[1]!.steps;
    expect(step).toMatchObject({ metadata: { cached: true }, output: [{ content: 'Hello' }] });
    expect(step!.completion_tokens).toBeUndefined();
    expect(step!.time_to_first_token_ms).toBeUndefined();
  });

  test('a text model is a step of kind completion', async () => {
    await using server = await modelServer([{ text: 'upon a time', usage: { prompt: 4, completion: 3 } }]);
    using captured = captureRuns();
    const model = new line.OpenAI({
      model: 'gpt-3.5-turbo-instruct',
      apiKey: 'k',
      maxRetries: 0,
      configuration: { baseURL: server.url },
    });
    await model.invoke('Once', handler());
    expect(captured.runs).toMatchObject([
      {
        prompt: { user_prompt: 'Once' },
        response: 'upon a time',
        steps: [{ metadata: { kind: 'completion' }, completion_tokens: 3, finish_reason: 'stop' }],
      },
    ]);
  });

  test('the run has the id that the caller gave the invocation', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const runId = '01890000-0000-7000-8000-000000000001';
    await chat(line, server).invoke([user('Hi')], { ...handler(), runId });
    expect(captured.runs[0]!.run_id).toBe(runId);
  });

  test('headers, keys and options of the client stay here', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const model = chat(line, server, {
      apiKey: 'sk-hidden-1',
      configuration: { defaultHeaders: { 'x-secret': 'hidden-2' } },
    });
    await model.invoke('Hi', {
      ...handler(),
      options: { headers: { 'x-other': 'hidden-3' } },
      configurable: { password: 'hidden-4' },
      metadata: { token: 'hidden-5', tenant: 'hidden-6' },
    });
    expect(captured.runs).toHaveLength(1);
    expect(JSON.stringify(captured.items)).not.toMatch(/hidden-\d/);
  });

  test('metadata is kept by name, and what is meant for us is kept whole', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const callbacks = [new ObservatoryCallbackHandler({ metadataKeys: ['tenant'], tags: ['beta'] })];
    await chat(line, server).invoke('Hi', {
      callbacks,
      tags: ['mine', 'seq:step:1'],
      metadata: {
        tenant: 'acme',
        token: 'hidden-1',
        observatory: { sessionId: 's-1', userId: 'u-1', name: 'greeter', metadata: { plan: 'pro' } },
      },
    });
    expect(captured.runs).toMatchObject([
      {
        name: 'greeter',
        session_id: 's-1',
        user_id: 'u-1',
        metadata: { tenant: 'acme', plan: 'pro' },
        tags: ['mine', 'beta'],
      },
    ]);
    expect(JSON.stringify(captured.items)).not.toContain('hidden-1');
  });
});
