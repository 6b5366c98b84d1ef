import { expect } from 'vitest';
import { observe } from './observe.js';
import { everyVersion, tree, until, WEATHER } from './observed.test.support.js';

/** Everything that would leave the process. */
const sent = (captured: { items: readonly unknown[] }): string => JSON.stringify(captured.items);

for (const [what, flags] of [
  ['inputs', { recordInputs: false }],
  ['outputs', { recordOutputs: false }],
  ['inputs nor outputs', { recordInputs: false, recordOutputs: false }],
] as const) {
  const noInputs = 'recordInputs' in flags;
  const noOutputs = 'recordOutputs' in flags;

  everyVersion(`no ${what} are recorded where the host says so`, async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([
      {
        reasoning: 'secret-thought',
        toolCalls: [{ id: 'c1', name: 'weather', input: { city: 'secret-city' } }],
      },
      { text: 'secret-answer' },
    ]);
    await ai
      .streamText({
        model,
        system: 'secret-system',
        prompt: 'secret-question',
        tools: { weather: bench.tool(async () => 'secret-result') },
        stopWhen: bench.steps(3),
        [bench.option]: flags,
      })
      .consumeStream();
    await captured.settled({ runs: 1 });
    const everything = sent(captured);
    for (const input of ['secret-system', 'secret-question'])
      expect(everything.includes(input)).toBe(!noInputs);
    if (noOutputs) expect(everything).not.toMatch(/secret-(?:answer|result|city)/);
    if (noOutputs) expect(everything).not.toContain('secret-thought');
    if (noInputs && noOutputs) expect(everything).not.toContain('secret-');
    const [run] = captured.runs;
    expect(tree(run)).toEqual([
      'run streamText ok',
      '  step mock-1 tool-calls 10/5 ok',
      '    tool weather ok',
      '  step mock-1 stop 10/5 ok',
    ]);
    expect(run?.tool_calls[0]?.args).toBeUndefined();
    expect(run?.tool_calls[0]?.result === undefined).toBe(noOutputs);
    expect(run?.response === undefined).toBe(noOutputs);
    expect(run?.prompt.user_prompt === undefined).toBe(noInputs);
  });

  everyVersion(`errors and partial text are part of it: no ${what}`, async (bench) => {
    const { ai, captured } = bench;
    const error = Object.assign(new Error('secret-error quoting the prompt'), { name: 'ProviderError' });
    const { model } = bench.mock([{ text: 'secret-partial', throws: error }]);
    await ai
      .streamText({ model, prompt: 'secret-question', onError: () => {}, [bench.option]: flags })
      .consumeStream({ onError: () => {} });
    await captured.settled({ runs: 1 });
    const everything = sent(captured);
    expect(everything).not.toContain('secret-error');
    expect(everything.includes('secret-partial')).toBe(!noOutputs);
    expect(everything.includes('secret-question')).toBe(!noInputs);
    expect(captured.runs[0]).toMatchObject({ outcome: 'error' });
    expect(captured.runs[0]?.status_message).toBeTruthy();
  });

  everyVersion(`a tool that fails does not tell either: no ${what}`, async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([WEATHER, { text: 'Sorry' }]);
    await ai.generateText({
      model,
      prompt: 'Weather?',
      tools: {
        weather: bench.tool(async () => {
          throw new RangeError('secret-error');
        }),
      },
      stopWhen: bench.steps(2),
      [bench.option]: observe(flags),
    });
    await captured.settled({ runs: 1 });
    const toolCall = captured.items.filter(({ type }) => type === 'tool_call');
    expect(JSON.stringify(toolCall)).not.toContain('secret-error');
    expect(captured.runs[0]?.tool_calls[0]?.outcome).toBe('error');
  });
}

everyVersion(
  'a call that is switched off is not recorded at all, with observe() or without',
  async (bench) => {
    const { ai, captured } = bench;
    for (const telemetry of [{ isEnabled: false }, observe({ isEnabled: false, sessionId: 's' })]) {
      const options = () => ({
        prompt: 'Hi',
        tools: { weather: bench.tool(async () => 'clear') },
        stopWhen: bench.steps(2),
        [bench.option]: telemetry,
      });
      expect(
        (await ai.generateText({ model: bench.mock([WEATHER, { text: 'Hi' }]).model, ...options() })).text,
      ).toBe('Hi');
      await ai
        .streamText({ model: bench.mock([WEATHER, { text: 'Hi' }]).model, ...options() })
        .consumeStream();
      await ai.generateObject({
        model: bench.mock([{ text: '{}' }]).model,
        prompt: 'Hi',
        schema: ai.jsonSchema({ type: 'object' }),
        [bench.option]: telemetry,
      });
    }
    expect(captured.items).toEqual([]);
  },
);

everyVersion('headers never leave, nor the bytes of files', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ text: 'A cat' }]);
  await ai.generateText({
    model,
    headers: { authorization: 'Bearer sk-secret', 'x-tenant': 'secret-tenant' },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', image: new Uint8Array(1000).fill(65), mediaType: 'image/png' },
          {
            type: 'file',
            data: Buffer.from('x'.repeat(300)).toString('base64'),
            mediaType: 'application/pdf',
            filename: 'cat.pdf',
          },
        ],
      },
    ],
  });
  await captured.settled({ runs: 1 });
  const everything = sent(captured);
  expect(everything).not.toContain('secret');
  expect(everything).not.toContain('QUFB');
  expect(everything).not.toContain('eHh4');
  const [message] = captured.runs[0]?.steps[0]?.messages ?? [];
  expect(message?.content).toMatchObject([
    { type: 'text', text: 'What is it?' },
    { type: 'file', file: { media_type: 'image/png', bytes: 1000 } },
    { type: 'file', file: { filename: 'cat.pdf', media_type: 'application/pdf', bytes: 300 } },
  ]);
});

everyVersion('what the host does to its messages afterwards changes nothing', async (bench) => {
  const { ai, captured } = bench;
  const message = { role: 'user', content: [{ type: 'text', text: 'before' }] };
  const { model } = bench.mock([
    () => {
      message.content = [{ type: 'text', text: 'after' }];
      return { text: 'Hi' };
    },
  ]);
  await ai.generateText({ model, messages: [message] });
  await captured.settled({ runs: 1 });
  await until(() => captured.runs[0]?.end_time !== undefined);
  expect(captured.runs[0]?.steps[0]?.messages).toEqual([{ role: 'user', content: 'before' }]);
});
