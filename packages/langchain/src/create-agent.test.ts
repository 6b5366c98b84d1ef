import { captureRuns, modelServer } from '@observatory/testing';
import {
  createAgent,
  createMiddleware,
  modelRetryMiddleware,
  summarizationMiddleware,
  tool,
  toolRetryMiddleware,
  toolStrategy,
} from 'langchain';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ObservatoryCallbackHandler } from './index.js';
import { chat, lines, user } from './lines.test.support.js';

const handler = () => ({ callbacks: [new ObservatoryCallbackHandler()] });
const [, line] = lines[0]!;

const weather = tool(async ({ city }: { city: string }) => `Sunny in ${city}`, {
  name: 'weather',
  description: 'The weather in a city',
  schema: z.object({ city: z.string() }),
});
/** LangChain's own middleware does not type-check under `exactOptionalPropertyTypes`. */
const ready = (middleware: unknown) => middleware as ReturnType<typeof createMiddleware>;
const asksForWeather = { toolCalls: [{ name: 'weather', args: { city: 'Oslo' }, id: 'call_1' }] };

describe('createAgent() of langchain 1.x', () => {
  test('an agent with middleware is one run; middleware is transparent, its model calls are steps', async () => {
    await using server = await modelServer(['Summary.', asksForWeather, 'Sunny.']);
    using captured = captureRuns();
    const model = chat(line, server);
    const agent = createAgent({
      model,
      tools: [weather],
      name: 'weather_agent',
      middleware: [
        ready(summarizationMiddleware({ model, trigger: { messages: 5 }, keep: { messages: 1 } } as never)),
        createMiddleware({ name: 'logger', beforeModel: () => undefined, afterModel: () => undefined }),
      ],
    });
    const earlier = [user('a'), { role: 'assistant', content: 'b' }, user('c'), user('d')];
    await agent.invoke({ messages: [...earlier, user('Weather in Oslo?')] }, handler());
    expect(captured.runs).toMatchObject([
      {
        name: 'weather_agent',
        prompt: { user_prompt: 'Weather in Oslo?' },
        response: 'Sunny.',
        steps: [
          { output: [{ content: 'Summary.' }] },
          { finish_reason: 'tool_calls', metadata: { agent: 'weather_agent', node: 'model_request' } },
          { output: [{ content: 'Sunny.' }] },
        ],
        tool_calls: [{ tool_call_id: 'call_1' }],
        runs: [],
      },
    ]);
  });

  test('a retried model call is a step per attempt, a retried tool a tool call per attempt', async () => {
    await using server = await modelServer([{ error: 500 }, asksForWeather, 'Sunny.']);
    using captured = captureRuns();
    let tries = 0;
    const flaky = tool(
      async () => {
        if (++tries === 1) throw new Error('no signal');
        return 'Sunny';
      },
      { name: 'weather', description: 'w', schema: z.object({ city: z.string() }) },
    );
    const agent = createAgent({
      model: chat(line, server),
      tools: [flaky],
      middleware: [
        ready(modelRetryMiddleware({ maxRetries: 1, initialDelayMs: 1 })),
        ready(toolRetryMiddleware({ maxRetries: 1, initialDelayMs: 1 })),
      ],
    });
    await agent.invoke({ messages: [user('Weather?')] }, handler());
    const [run] = captured.runs;
    expect(run!.steps.map(({ outcome }) => outcome)).toEqual(['error', 'ok', 'ok']);
    expect(run!.tool_calls).toMatchObject([
      { tool_call_id: 'call_1', outcome: 'error', step_id: run!.steps[1]!.step_id },
      {
        tool_call_id: 'call_1#2',
        outcome: 'ok',
        metadata: { attempt: 2, retry_of: 'call_1' },
        step_id: run!.steps[1]!.step_id,
      },
    ]);
  });

  test('a structured answer is the response, and the pseudo tool that carries it is no tool call', async () => {
    await using server = await modelServer([
      {
        when: {},
        reply: (request) => {
          const tools = (request.body?.tools ?? []) as { function?: { name?: string } }[];
          const name = tools.map(({ function: fn }) => fn?.name).find((name) => name?.startsWith('extract'));
          const args = { city: 'Oslo', sunny: true };
          return name ? { toolCalls: [{ name, args }] } : JSON.stringify(args);
        },
      },
    ]);
    using captured = captureRuns();
    const agent = createAgent({
      model: chat(line, server),
      tools: [weather],
      responseFormat: toolStrategy(z.object({ city: z.string(), sunny: z.boolean() })),
    });
    await agent.invoke({ messages: [user('Weather?')] }, handler());
    expect(captured.runs).toMatchObject([{ response: '{"city":"Oslo","sunny":true}', tool_calls: [] }]);
  });

  test.each(['updates', 'values', 'messages', 'custom'] as const)(
    'stream mode %s yields what it yields without us',
    async (streamMode) => {
      const script = [asksForWeather, { text: ['Sun', 'ny', '.'] }];
      const count = async (config: object) => {
        await using server = await modelServer(script);
        const agent = createAgent({ model: chat(line, server), tools: [weather] });
        const stream = await agent.stream({ messages: [user('Weather?')] }, { ...config, streamMode });
        let chunks = 0;
        for await (const _ of stream) chunks++;
        return chunks;
      };
      using captured = captureRuns();
      const without = await count({});
      expect(await count(handler())).toBe(without);
      await captured.settled();
      expect(captured.runs).toMatchObject([
        { outcome: 'ok', response: 'Sunny.', steps: [{}, {}], tool_calls: [{}] },
      ]);
    },
  );

  test('the events of streamEvents v3 carry the first token and the text', async () => {
    await using server = await modelServer([{ text: ['Sun', 'ny.'] }]);
    using captured = captureRuns();
    const agent = createAgent({ model: chat(line, server), tools: [] });
    const stream = await agent.streamEvents(
      { messages: [user('Weather?')] },
      { ...handler(), version: 'v3' },
    );
    for await (const _ of stream) await undefined;
    await captured.settled();
    expect(captured.runs).toMatchObject([
      { outcome: 'ok', response: 'Sunny.', steps: [{ output: [{ content: 'Sunny.' }] }] },
    ]);
    expect(captured.runs[0]!.steps[0]!.time_to_first_token_ms).toBeGreaterThan(0);
  });

  test('the model makes an argument up that is no JSON: the step says so, nothing is executed', async () => {
    await using server = await modelServer([
      { toolCalls: [{ name: 'weather', args: '{"city": ', id: 'call_garbled' }] },
      'Sorry.',
    ]);
    using captured = captureRuns();
    const agent = createAgent({ model: chat(line, server), tools: [weather] });
    await agent.invoke({ messages: [user('Weather?')] }, handler());
    const [run] = captured.runs;
    expect(run!.steps[0]!.output).toMatchObject([
      { tool_calls: [{ id: 'call_garbled', function: { name: 'weather' } }] },
    ]);
    for (const call of run!.tool_calls) expect(call.status_code).toBe(2);
  });

  test('a tool that answers with an error message has failed, one that yields has ended', async () => {
    await using server = await modelServer([
      {
        toolCalls: [
          { name: 'polite', args: {}, id: 'call_polite' },
          { name: 'steps', args: {}, id: 'call_steps' },
        ],
      },
      'Done.',
    ]);
    using captured = captureRuns();
    const polite = tool(
      async (_: object, config: { toolCall?: { id?: string } }) =>
        new line.ToolMessage({
          content: 'not today',
          status: 'error',
          tool_call_id: config.toolCall?.id ?? '',
        }),
      { name: 'polite', description: 'p', schema: z.object({}) },
    );
    const steps = tool(
      async function* () {
        yield 'one';
        yield 'two';
        return 'three';
      } as never,
      { name: 'steps', description: 's', schema: z.object({}) },
    );
    const agent = createAgent({ model: chat(line, server), tools: [polite, steps] });
    await agent.invoke({ messages: [user('Go')] }, handler());
    const calls = Object.fromEntries(captured.runs[0]!.tool_calls.map((call) => [call.tool_call_id, call]));
    expect(calls.call_polite).toMatchObject({ outcome: 'error', result: 'not today' });
    expect(calls.call_steps).toMatchObject({ outcome: 'ok' });
  });
});
