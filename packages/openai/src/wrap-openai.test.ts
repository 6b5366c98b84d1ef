import { traced, withRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { wrapOpenAI } from './index.js';

const tools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
];

test('a hand-written tool loop outside any run becomes one run with steps, tool calls, arguments and results', async () => {
  await using server = await modelServer([
    { toolCalls: [{ name: 'get_weather', args: { city: 'Oslo' } }] },
    'Sunny, 21 °C.',
  ]);
  using captured = captureRuns();
  const client = wrapOpenAI(new OpenAI(server.clientOptions), { name: 'weather' });
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Weather in Oslo?' },
  ];
  const { choices } = await client.chat.completions.create({
    model: 'gpt-5',
    messages,
    tools,
    temperature: 0,
  });
  const asked = choices[0]!.message;
  messages.push(asked, { role: 'tool', tool_call_id: asked.tool_calls![0]!.id, content: '21 °C, sunny' });
  await client.chat.completions.create({ model: 'gpt-5', messages, tools });

  await captured.settled();
  expect(captured.runs).toMatchObject([
    {
      name: 'weather',
      prompt: { user_prompt: 'Weather in Oslo?', system_prompt: 'Be brief.' },
      response: 'Sunny, 21 °C.',
      outcome: 'ok',
      steps: [
        { model_requested: 'gpt-5', finish_reason: 'tool_calls', parameters: { temperature: 0 } },
        { output: [{ role: 'assistant', content: 'Sunny, 21 °C.' }], finish_reason: 'stop' },
      ],
      tool_calls: [{ tool_name: 'get_weather', args: '{"city":"Oslo"}', result: '21 °C, sunny' }],
    },
  ]);
  const [run] = captured.runs;
  expect(run!.tool_calls[0]!.step_id).toBe(run!.steps[0]!.step_id);
  expect(run!.steps[1]!.messages!.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
});

test('calls inside a run are steps of that run', async () => {
  await using server = await modelServer(['One.', 'Two.']);
  using captured = captureRuns();
  const client = wrapOpenAI(new OpenAI(server.clientOptions));
  await withRun({ name: 'mine' }, async () => {
    await client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hi' }] });
    await client.responses.create({ model: 'gpt-5', input: 'Hi' });
  });
  expect(captured.runs).toMatchObject([{ name: 'mine', steps: [{ model_requested: 'gpt-5' }, {}] }]);
  expect(captured.runs[0]!.steps.map(({ metadata }) => metadata?.kind)).toEqual(['chat', 'response']);
});

test('a tool the host records by itself is the call the model asked for, not a second one', async () => {
  await using server = await modelServer([
    {
      toolCalls: [
        { name: 'get_weather', args: { city: 'Oslo' } },
        { name: 'get_time', args: {}, id: 'call_time' },
      ],
    },
    'Sunny.',
  ]);
  using captured = captureRuns();
  const client = wrapOpenAI(new OpenAI(server.clientOptions));
  const getWeather = traced(({ city }: { city: string }) => `sunny in ${city}`, {
    as: 'tool',
    name: 'get_weather',
  });
  await withRun({ name: 'mine' }, async (run) => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Weather?' }];
    const { choices } = await client.chat.completions.create({ model: 'gpt-5', messages, tools });
    const [weather, time] = choices[0]!.message.tool_calls!;
    messages.push(choices[0]!.message);
    messages.push({ role: 'tool', tool_call_id: weather!.id, content: getWeather({ city: 'Oslo' }) });
    run.toolCall({ toolCallId: time!.id, name: 'get_time' }).result('noon').end();
    messages.push({ role: 'tool', tool_call_id: time!.id, content: 'noon' });
    await client.chat.completions.create({ model: 'gpt-5', messages, tools });
  });
  expect(captured.runs[0]!.tool_calls).toMatchObject([
    { tool_name: 'get_weather', args: '{"city":"Oslo"}', result: 'sunny in Oslo', outcome: 'ok' },
    { tool_name: 'get_time', tool_call_id: 'call_time', result: 'noon', outcome: 'ok' },
  ]);
  expect(captured.runs[0]!.tool_calls.map(({ metadata }) => metadata)).toEqual([undefined, undefined]);
});

test('a tool call that is a schema in disguise does not hold its run open', async () => {
  await using server = await modelServer([{ toolCalls: [{ name: 'answer', args: { city: 'Oslo' } }] }]);
  using captured = captureRuns();
  const client = wrapOpenAI(new OpenAI(server.clientOptions));
  await withRun({ name: 'extract' }, () =>
    client.chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'Where?' }],
      tools,
    }),
  );
  await captured.settled({ timeoutMs: 5_000 });
  expect(captured.runs).toMatchObject([
    { outcome: 'ok', tool_calls: [{ tool_name: 'answer', args: '{"city":"Oslo"}', outcome: 'abandoned' }] },
  ]);
});
