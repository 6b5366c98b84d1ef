import { currentRun, withRun } from '@observatory/core';
import { expect } from 'vitest';
import { observe } from './observe.js';
import { everyVersion, tree, WEATHER } from './observed.test.support.js';

everyVersion('a streamed call with a tool is a run with its steps and the tool call', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([WEATHER, { text: ['Sun', 'ny'] }]);
  const result = ai.streamText({
    model,
    system: 'Be brief.',
    prompt: 'Weather in Oslo?',
    temperature: 0.5,
    tools: { weather: bench.tool(async () => ({ sky: 'clear' })) },
    stopWhen: bench.steps(3),
  });
  await result.consumeStream();
  await captured.settled({ runs: 1 });
  const [run] = captured.runs;
  expect(tree(run)).toEqual([
    'run streamText ok',
    '  step mock-1 tool-calls 10/5 ok',
    '    tool weather ok',
    '  step mock-1 stop 10/5 ok',
  ]);
  expect(run).toMatchObject({
    prompt: { user_prompt: 'Weather in Oslo?', system_prompt: 'Be brief.' },
    response: 'Sunny',
    metadata: { operation: 'ai.streamText' },
  });
  expect(run?.tool_calls[0]).toMatchObject({
    tool_call_id: 'c1',
    args: '{"city":"Oslo"}',
    result: '{"sky":"clear"}',
  });
  const [first, second] = run?.steps ?? [];
  expect(first).toMatchObject({
    provider: 'mock',
    model_used: 'mock-1',
    parameters: { temperature: 0.5 },
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather in Oslo?' },
    ],
    output: [
      {
        role: 'assistant',
        tool_calls: [{ id: 'c1', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }],
      },
    ],
    tool_definitions: [{ type: 'function', function: { name: 'weather', description: 'A tool' } }],
  });
  expect(second?.messages?.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
  expect(second?.messages?.at(-1)).toMatchObject({ tool_call_id: 'c1', content: '{"sky":"clear"}' });
  expect(second?.time_to_first_token_ms).toBeGreaterThanOrEqual(0);
});

everyVersion('a call that is not streamed is the same run', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([WEATHER, { text: 'Sunny', modelId: 'mock-1-2026' }]);
  const result = await ai.generateText({
    model,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Weather?' }] }],
    tools: { weather: bench.tool(async () => 'clear') },
    stopWhen: bench.steps(3),
  });
  expect(result.text).toBe('Sunny');
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual([
    'run generateText ok',
    '  step mock-1 tool-calls 10/5 ok',
    '    tool weather ok',
    '  step mock-1 stop 10/5 ok',
  ]);
  expect(captured.runs[0]?.tool_calls[0]).toMatchObject({ args: '{"city":"Oslo"}', result: 'clear' });
  expect(captured.runs[0]?.steps[1]?.model_used).toBe('mock-1-2026');
  expect(captured.runs[0]?.response).toBe('Sunny');
});

everyVersion(
  'two agents inside tools that run side by side are nested runs, each under its own tool call',
  async (bench) => {
    const { ai, captured } = bench;
    const inner = (answer: string) => async () => {
      const { model } = bench.mock([WEATHER, { text: answer }], { modelId: 'inner' });
      const { text } = await ai.generateText({
        model,
        prompt: answer,
        tools: { weather: bench.tool(async () => answer) },
        stopWhen: bench.steps(2),
        [bench.option]: observe({ agent: `agent-${answer}` }),
      });
      return text;
    };
    const { model } = bench.mock([
      {
        toolCalls: [
          { id: 'c1', name: 'ask' },
          { id: 'c2', name: 'tell' },
        ],
      },
      { text: 'Done' },
    ]);
    const result = ai.streamText({
      model,
      prompt: 'Ask around',
      tools: { ask: bench.tool(inner('a')), tell: bench.tool(inner('b')) },
      stopWhen: bench.steps(3),
    });
    await result.consumeStream();
    await captured.settled({ runs: 1 });
    const nested = (agent: string) => [
      `      run agent-${agent} ok`,
      '        step inner tool-calls 10/5 ok',
      '          tool weather ok',
      '        step inner stop 10/5 ok',
    ];
    expect(tree(captured.runs[0])).toEqual([
      'run streamText ok',
      '  step mock-1 tool-calls 10/5 ok',
      '    tool ask ok',
      ...nested('a'),
      '    tool tell ok',
      ...nested('b'),
      '  step mock-1 stop 10/5 ok',
    ]);
  },
);

everyVersion(
  'an agent inside a tool that yields its results is nested under the tool call',
  async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([{ toolCalls: [{ id: 'c1', name: 'ask' }] }, { text: 'Done' }]);
    await ai.generateText({
      model,
      prompt: 'Ask',
      tools: {
        ask: bench.tool(async function* () {
          yield 'thinking';
          const inner = await ai.generateText({
            model: bench.mock([{ text: 'inner' }]).model,
            prompt: 'inner',
          });
          yield inner.text;
        }),
      },
      stopWhen: bench.steps(2),
    });
    await captured.settled({ runs: 1 });
    expect(tree(captured.runs[0])).toEqual([
      'run generateText ok',
      '  step mock-1 tool-calls 10/5 ok',
      '    tool ask ok',
      '      run generateText ok',
      '        step mock-1 stop 10/5 ok',
      '  step mock-1 stop 10/5 ok',
    ]);
    // 5.0.0 does not know generators yet and would hand the model the generator itself.
  },
  ({ version }) => version !== '5.0.0',
);

everyVersion('inside a run it joins that run, and leaves its end to whoever opened it', async (bench) => {
  const { ai, captured } = bench;
  await withRun({ name: 'job', sessionId: 's-1' }, async (run) => {
    await ai.generateText({
      model: bench.mock([WEATHER, { text: 'One' }]).model,
      prompt: 'First?',
      tools: { weather: bench.tool(async () => 1) },
      stopWhen: bench.steps(2),
    });
    await ai.generateText({
      model: bench.mock([WEATHER, { text: 'Two' }]).model,
      prompt: 'Second?',
      tools: { weather: bench.tool(async () => 2) },
      stopWhen: bench.steps(2),
    });
    expect(captured.runs[0]?.end_time).toBeUndefined();
    expect(run.runId).toBe(captured.runs[0]?.run_id);
  });
  await captured.settled({ runs: 1 });
  expect(captured.runs).toHaveLength(1);
  const [run] = captured.runs;
  expect(tree(run)).toEqual([
    'run job ok',
    '  step mock-1 tool-calls 10/5 ok',
    '    tool weather ok',
    '  step mock-1 stop 10/5 ok',
    '  step mock-1 tool-calls 10/5 ok',
    '    tool weather ok',
    '  step mock-1 stop 10/5 ok',
  ]);
  expect(run).toMatchObject({ prompt: { user_prompt: 'First?' }, response: 'Two', session_id: 's-1' });
  // The model counted both calls from the start: they are still two.
  expect(run?.tool_calls.map(({ tool_call_id, result }) => [tool_call_id, result])).toEqual([
    ['c1', '1'],
    ['c1#2', '2'],
  ]);
});

everyVersion('two runs at once with the same tool-call ids keep theirs', async (bench) => {
  const { ai, captured } = bench;
  const one = (answer: string) =>
    ai.generateText({
      model: bench.mock([WEATHER, { text: answer }]).model,
      prompt: answer,
      tools: { weather: bench.tool(async () => answer) },
      stopWhen: bench.steps(2),
    });
  await Promise.all(['a', 'b', 'c'].map(one));
  await captured.settled({ runs: 3 });
  for (const run of captured.runs) {
    expect(run.tool_calls).toHaveLength(1);
    expect(run.tool_calls[0]?.tool_call_id).toBe('c1');
    expect(run.tool_calls[0]?.result).toBe(run.prompt.user_prompt);
  }
});

everyVersion('a stream that is read in another async context belongs where it was started', async (bench) => {
  const { ai, captured } = bench;
  const result = withRun({ name: 'request' }, () => ({
    hidden: ai.streamText({
      model: bench.mock([WEATHER, { text: 'Sunny' }]).model,
      prompt: 'Weather?',
      tools: { weather: bench.tool(async () => 'clear') },
      stopWhen: bench.steps(2),
    }),
  }));
  await withRun({ name: 'reader' }, async () => {
    await result.hidden.consumeStream();
  });
  await captured.settled({ runs: 1 });
  const run = captured.runs.find(({ name }) => name === 'request');
  expect(run?.steps).toHaveLength(2);
  expect(run?.tool_calls).toHaveLength(1);
});

everyVersion('a call made while a step is prepared is part of the run', async (bench) => {
  const { ai, captured } = bench;
  const helper = () =>
    ai.generateText({ model: bench.mock([{ text: 'hint' }], { modelId: 'helper' }).model, prompt: 'Hint?' });
  await ai.generateText({
    model: bench.mock([{ text: 'Sunny' }]).model,
    prompt: 'Weather?',
    prepareStep: async () => {
      await helper();
      return {};
    },
    onStepFinish: async () => {
      await helper();
    },
  });
  await captured.settled({ runs: 1 });
  expect(captured.allRuns).toHaveLength(1);
  expect(captured.runs[0]?.steps.map(({ model_requested }) => model_requested)).toEqual([
    'helper',
    'mock-1',
    'helper',
  ]);
  expect(captured.runs[0]).toMatchObject({ prompt: { user_prompt: 'Weather?' }, response: 'Sunny' });
});

everyVersion('a call leaves its caller where it stands', async (bench) => {
  const { ai, captured } = bench;
  const schema = ai.jsonSchema({ type: 'object' });
  const model = () => bench.mock([{ text: '{}' }]).model;
  const embedding = {
    specificationVersion: { 5: 'v2', 6: 'v3', 7: 'v4' }[bench.major],
    provider: 'mock',
    modelId: 'embed-1',
    maxEmbeddingsPerCall: 1,
    supportsParallelCalls: false,
    doEmbed: async () => ({ embeddings: [[1]], usage: { tokens: 1 }, warnings: [] }),
  };
  const calls = [
    () => ai.generateText({ model: model(), prompt: 'Hi' }),
    () => ai.generateObject({ model: model(), prompt: 'Hi', schema }),
    () => ai.embed({ model: embedding, value: 'Hi' }),
    () => ai.embedMany({ model: embedding, values: ['Hi', 'Ho'] }),
    () => ai.streamText({ model: model(), prompt: 'Hi' }).consumeStream(),
    async () => {
      for await (const _ of ai.streamObject({ model: model(), prompt: 'Hi', schema }).partialObjectStream);
    },
  ];
  for (const call of calls) {
    const calling: Promise<unknown> = call();
    expect(currentRun()).toBeUndefined();
    await calling;
    expect(currentRun()).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(currentRun()).toBeUndefined();
  }
  await captured.settled({ runs: calls.length });
  expect(captured.runs).toHaveLength(calls.length);
});
