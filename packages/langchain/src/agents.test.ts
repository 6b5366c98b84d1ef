import { withRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import { describe, expect, test } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';
import { chat, lines, user } from './lines.test.support.js';

describe.each(lines)('agents on %s', (_name, line) => {
  const { createReactAgent, tool, z } = line;
  const weather = tool(async ({ city }: { city: string }) => `Sunny in ${city}`, {
    name: 'weather',
    description: 'The weather in a city',
    schema: z.object({ city: z.string() }),
  });

  test('an agent is one run with a step per model call and a tool call per tool', async () => {
    await using server = await modelServer([
      {
        toolCalls: [
          { name: 'weather', args: { city: 'Oslo' }, id: 'call_a' },
          { name: 'weather', args: { city: 'Rome' }, id: 'call_b' },
        ],
        usage: { prompt: 100, cached: 64, completion: 20, reasoning: 5 },
      },
      'Sunny in both.',
    ]);
    using captured = captureRuns();
    const agent = createReactAgent({ llm: chat(line, server), tools: [weather], name: 'weather_agent' });
    const answer = await agent.invoke(
      { messages: [user('Weather in Oslo and Rome?')] },
      { callbacks: [new ObservatoryCallbackHandler()], tags: ['mine'] },
    );
    expect(answer.messages.at(-1)?.content).toBe('Sunny in both.');
    expect(captured.runs).toMatchObject([
      {
        name: 'weather_agent',
        prompt: { user_prompt: 'Weather in Oslo and Rome?' },
        response: 'Sunny in both.',
        outcome: 'ok',
        tags: ['mine'],
        steps: [
          {
            model_requested: 'gpt-5',
            model_used: 'gpt-5',
            provider: 'openai',
            finish_reason: 'tool_calls',
            prompt_uncached_tokens: 36,
            prompt_cached_tokens: 64,
            completion_tokens: 20,
            reasoning_tokens: 5,
            messages: [{ role: 'user', content: 'Weather in Oslo and Rome?' }],
            output: [{ role: 'assistant', tool_calls: [{ id: 'call_a' }, { id: 'call_b' }] }],
          },
          { finish_reason: 'stop', output: [{ role: 'assistant', content: 'Sunny in both.' }] },
        ],
        tool_calls: [
          { tool_call_id: 'call_a', tool_name: 'weather', args: '{"city":"Oslo"}', result: 'Sunny in Oslo' },
          { tool_call_id: 'call_b', tool_name: 'weather', args: '{"city":"Rome"}', result: 'Sunny in Rome' },
        ],
        runs: [],
      },
    ]);
    const [run] = captured.runs;
    expect(run!.tool_calls.map(({ step_id }) => step_id)).toEqual([
      run!.steps[0]!.step_id,
      run!.steps[0]!.step_id,
    ]);
    expect(run!.steps[0]!.tool_definitions).toHaveLength(1);
    expect(run!.steps[1]!.messages!.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool']);
  });

  test('inside a run of the host the agent adds its steps and tool calls to that run', async () => {
    await using server = await modelServer([
      { toolCalls: [{ name: 'weather', args: { city: 'Oslo' } }] },
      'Sunny.',
    ]);
    using captured = captureRuns();
    const agent = createReactAgent({ llm: chat(line, server), tools: [weather] });
    await withRun({ name: 'request' }, async (run) => {
      run.prompt('Weather?');
      await agent.invoke({ messages: [user('Weather?')] }, { callbacks: [new ObservatoryCallbackHandler()] });
    });
    await captured.settled();
    expect(captured.runs).toMatchObject([
      { name: 'request', outcome: 'ok', prompt: { user_prompt: 'Weather?' }, response: 'Sunny.', runs: [] },
    ]);
    expect(captured.runs[0]!.steps).toHaveLength(2);
    expect(captured.runs[0]!.tool_calls).toHaveLength(1);
  });

  test("the host's run keeps what it says of itself, and takes the rest from the agent", async () => {
    await using server = await modelServer(['One.', 'Two.', 'Three.']);
    using captured = captureRuns();
    const agent = createReactAgent({ llm: chat(line, server), tools: [] });
    const config = { callbacks: [new ObservatoryCallbackHandler()], configurable: { thread_id: 'chat-7' } };
    await withRun({}, async () => {
      await agent.invoke({ messages: [user('First')] }, config);
      await agent.invoke({ messages: [user('Second')] }, config);
    });
    await withRun({ sessionId: 'mine' }, async (run) => {
      run.prompt('My words').response('My answer');
      await agent.invoke({ messages: [user('Third')] }, config);
    });
    await captured.settled();
    expect(captured.runs).toMatchObject([
      { prompt: { user_prompt: 'First' }, response: 'Two.', session_id: 'chat-7', steps: [{}, {}] },
      { prompt: { user_prompt: 'My words' }, response: 'My answer', session_id: 'mine', steps: [{}] },
    ]);
  });

  test('a run that the host opens inside a tool takes what happens in it', async () => {
    await using server = await modelServer([
      { toolCalls: [{ name: 'delegate', args: {}, id: 'call_1' }] },
      'Inner.',
      'Outer.',
    ]);
    using captured = captureRuns();
    const model = chat(line, server);
    const delegate = tool(
      async (_: object, config) =>
        withRun({ name: 'mine' }, async (run) => {
          run.prompt('inner');
          return (await model.invoke('inner', config)).content;
        }),
      { name: 'delegate', description: 'd', schema: z.object({}) },
    );
    const agent = createReactAgent({ llm: model, tools: [delegate], name: 'boss' });
    await agent.invoke({ messages: [user('Go')] }, { callbacks: [new ObservatoryCallbackHandler()] });
    await captured.settled();
    expect(captured.runs).toMatchObject([
      {
        name: 'boss',
        steps: [{}, {}],
        runs: [{ name: 'mine', parent_tool_call_id: 'call_1', steps: [{ output: [{ content: 'Inner.' }] }] }],
      },
    ]);
  });

  test('arguments that do not fit, unknown tools and tools that throw are failed tool calls of a run that went well', async () => {
    await using server = await modelServer([
      {
        toolCalls: [
          { name: 'weather', args: { town: 1 }, id: 'call_misfit' },
          { name: 'nope', args: {}, id: 'call_unknown' },
          { name: 'broken', args: {}, id: 'call_broken' },
        ],
      },
      'Sorry.',
    ]);
    using captured = captureRuns();
    const broken = tool(
      async () => {
        throw new Error('no signal');
      },
      { name: 'broken', description: 'Fails', schema: z.object({}) },
    );
    const agent = createReactAgent({ llm: chat(line, server), tools: [weather, broken] });
    await agent.invoke({ messages: [user('Go')] }, { callbacks: [new ObservatoryCallbackHandler()] });
    const [run] = captured.runs;
    expect(run).toMatchObject({ outcome: 'ok', response: 'Sorry.' });
    const calls = Object.fromEntries(run!.tool_calls.map((call) => [call.tool_call_id, call]));
    expect(calls).toMatchObject({
      call_misfit: { tool_name: 'weather', status_code: 2, args: '{"town":1}', metadata: { inferred: true } },
      call_unknown: { tool_name: 'nope', status_code: 2, metadata: { inferred: true } },
      call_broken: { tool_name: 'broken', status_code: 2, status_message: 'no signal' },
    });
    expect(new Set(run!.tool_calls.map(({ step_id }) => step_id))).toEqual(new Set([run!.steps[0]!.step_id]));
  });

  test('an agent that a tool calls is a nested run under that tool call', async () => {
    await using server = await modelServer([
      { toolCalls: [{ name: 'ask_expert', args: { question: 'Why?' }, id: 'call_expert' }] },
      'Because.',
      'The expert says: because.',
    ]);
    using captured = captureRuns();
    const expert = createReactAgent({ llm: chat(line, server), tools: [], name: 'expert' });
    const askExpert = tool(
      async ({ question }: { question: string }, config) =>
        (await expert.invoke({ messages: [user(question)] }, config)).messages.at(-1)?.content,
      { name: 'ask_expert', description: 'Asks', schema: z.object({ question: z.string() }) },
    );
    const boss = createReactAgent({ llm: chat(line, server), tools: [askExpert], name: 'boss' });
    await boss.invoke({ messages: [user('Ask him why')] }, { callbacks: [new ObservatoryCallbackHandler()] });
    expect(captured.runs).toMatchObject([
      {
        name: 'boss',
        response: 'The expert says: because.',
        steps: [{}, {}],
        tool_calls: [{ tool_call_id: 'call_expert', result: 'Because.' }],
        runs: [
          {
            name: 'expert',
            parent_tool_call_id: 'call_expert',
            prompt: { user_prompt: 'Why?' },
            response: 'Because.',
            steps: [{ output: [{ content: 'Because.' }] }],
            tool_calls: [],
          },
        ],
      },
    ]);
    expect(captured.runs[0]!.runs[0]!.parent_run_id).toBe(captured.runs[0]!.run_id);
  });

  test('threads are sessions, and the words of one turn do not appear in the next', async () => {
    await using server = await modelServer(['Hello Ada.', 'Your name is Ada.']);
    using captured = captureRuns();
    const agent = createReactAgent({
      llm: chat(line, server),
      tools: [],
      checkpointer: new line.MemorySaver(),
    });
    const config = {
      callbacks: [new ObservatoryCallbackHandler()],
      configurable: { thread_id: 'chat-42', api_key: 'SECRET-1' },
      metadata: { user_id: 'ada', tenant: 'acme' },
    };
    await agent.invoke({ messages: [user('I am Ada')] }, config);
    await agent.invoke({ messages: [user('Who am I?')] }, config);
    expect(captured.runs).toMatchObject([
      { session_id: 'chat-42', conversational: true, user_id: 'ada', response: 'Hello Ada.' },
      {
        session_id: 'chat-42',
        prompt: { user_prompt: 'Who am I?' },
        response: 'Your name is Ada.',
        steps: [{ messages: [{ content: 'I am Ada' }, { content: 'Hello Ada.' }, { content: 'Who am I?' }] }],
      },
    ]);
    expect(captured.runs[0]!.metadata).toBeUndefined();
    expect(JSON.stringify(captured.items)).not.toContain('SECRET-1');
  });
});
