import { expect } from 'vitest';
import { since } from './majors.test.support.js';
import { everyVersion, tree, until, WEATHER } from './observed.test.support.js';

const silent = { onError: () => {} };

everyVersion(
  'an abort in the middle of a stream cancels the step and the run, with the partial text',
  async (bench) => {
    const { ai, captured } = bench;
    const controller = new AbortController();
    const { model } = bench.mock([{ text: ['Half ', 'an ans'], hangs: true }]);
    const result = ai.streamText({ model, prompt: 'Hi', abortSignal: controller.signal, ...silent });
    const reading = result.consumeStream({ onError: () => {} });
    await until(() => captured.runs[0]?.steps.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await reading;
    await captured.settled({ runs: 1 });
    const [run] = captured.runs;
    expect(run).toMatchObject({ outcome: 'cancelled', status_code: 0, response: 'Half an ans' });
    expect(run?.steps).toHaveLength(1);
    expect(run?.steps[0]).toMatchObject({
      outcome: 'cancelled',
      output: [{ role: 'assistant', content: 'Half an ans' }],
    });
    expect(run?.steps[0]?.completion_tokens).toBeUndefined();
  },
);

everyVersion('a time-out of the host is told apart from an abort', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ text: 'Half', hangs: true }]);
  const result = ai.streamText({ model, prompt: 'Hi', abortSignal: AbortSignal.timeout(50), ...silent });
  await result.consumeStream({ onError: () => {} });
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]).toMatchObject({ outcome: 'timed_out', status_code: 2, response: 'Half' });
  expect(captured.runs[0]?.steps[0]?.outcome).toBe('timed_out');
});

everyVersion('an abort in the second step keeps the first', async (bench) => {
  const { ai, captured } = bench;
  const controller = new AbortController();
  const { model } = bench.mock([WEATHER, { text: 'It is', hangs: true }]);
  const result = ai.streamText({
    model,
    prompt: 'Weather?',
    tools: { weather: bench.tool(async () => 'clear') },
    stopWhen: bench.steps(3),
    abortSignal: controller.signal,
    ...silent,
  });
  const reading = result.consumeStream({ onError: () => {} });
  await until(() => captured.runs[0]?.steps.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort();
  await reading;
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0]).map((line) => line.replace(/ "AbortError.*/, ''))).toEqual([
    'run streamText cancelled',
    '  step mock-1 tool-calls 10/5 ok',
    '    tool weather ok',
    '  step mock-1 - no tokens cancelled',
  ]);
  expect(captured.runs[0]?.response).toBe('It is');
});

everyVersion('an abort of a call that is not streamed cancels it', async (bench) => {
  const { ai, captured } = bench;
  const controller = new AbortController();
  const { model } = bench.mock([
    ({ abortSignal }) =>
      new Promise((_, reject) => {
        const signal = abortSignal as AbortSignal;
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  ]);
  const generating = ai.generateText({ model, prompt: 'Hi', abortSignal: controller.signal });
  const failed = expect(generating).rejects.toThrow(/abort/i);
  await until(() => captured.runs[0]?.steps.length === 1);
  controller.abort();
  await failed;
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]).toMatchObject({ outcome: 'cancelled', status_code: 0 });
  expect(captured.runs[0]?.steps[0]).toMatchObject({ outcome: 'cancelled' });
});

for (const obeys of [true, false]) {
  everyVersion(
    `an abort during a tool that ${obeys ? 'obeys' : 'ignores'} it comes to an end`,
    async (bench) => {
      const { ai, captured } = bench;
      const controller = new AbortController();
      let finish: (result: string) => void = () => {};
      const { model } = bench.mock([WEATHER, { text: 'Never' }]);
      const result = ai.streamText({
        model,
        prompt: 'Weather?',
        tools: {
          weather: bench.tool(
            (_input, { abortSignal }) =>
              new Promise<string>((resolve, reject) => {
                finish = resolve;
                if (obeys) abortSignal?.addEventListener('abort', () => reject(abortSignal.reason));
              }),
          ),
        },
        stopWhen: bench.steps(3),
        abortSignal: controller.signal,
        ...silent,
      });
      const reading = result.consumeStream({ onError: () => {} });
      await until(() => captured.runs[0]?.tool_calls.length === 1);
      controller.abort();
      if (!obeys) setTimeout(() => finish('late'), 50);
      await reading;
      // What comes late comes here, not into the next test.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await captured.settled({ runs: 1 });
      const [run] = captured.runs;
      expect(run?.outcome).toBe('cancelled');
      expect(run?.tool_calls).toHaveLength(1);
      if (obeys) await until(() => captured.runs[0]?.tool_calls[0]?.outcome === 'cancelled');
      else await until(() => ['ok', 'abandoned'].includes(captured.runs[0]?.tool_calls[0]?.outcome ?? ''));
    },
  );
}

everyVersion('an abort before the start is a cancelled run without a step that went well', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ text: 'Never', hangs: true }]);
  const result = ai.streamText({ model, prompt: 'Hi', abortSignal: AbortSignal.abort(), ...silent });
  await result.consumeStream({ onError: () => {} });
  // The SDK may still ask the model after it was told to stop.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]?.outcome).toBe('cancelled');
  expect(captured.runs[0]?.steps.filter(({ outcome }) => outcome === 'ok')).toEqual([]);
});

for (const [what, timeout] of [
  ['whole call', 100],
  ['chunk', { chunkMs: 100 }],
] as const) {
  everyVersion(
    `the SDK's own time-out of a ${what} is told apart from an abort`,
    async (bench) => {
      const { ai, captured } = bench;
      const { model } = bench.mock([{ text: 'Half', hangs: true }]);
      await ai.streamText({ model, prompt: 'Hi', timeout, ...silent }).consumeStream({ onError: () => {} });
      await captured.settled({ runs: 1 });
      expect(captured.runs[0]).toMatchObject({ outcome: 'timed_out', response: 'Half' });
      expect(captured.runs[0]?.steps[0]?.outcome).toBe('timed_out');
    },
    // It came with 6.0.
    ({ version }) => since(version, '6.0.326'),
  );
}

everyVersion(
  'the time-out of one tool is a failed tool call in a run that goes on',
  async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([WEATHER, { text: 'Never mind' }]);
    await ai.generateText({
      model,
      prompt: 'Weather?',
      timeout: { toolMs: 50 },
      tools: {
        weather: bench.tool(
          (_input, { abortSignal }) =>
            new Promise((_, reject) => {
              abortSignal?.addEventListener('abort', () => reject(abortSignal.reason));
            }),
        ),
      },
      stopWhen: bench.steps(2),
    });
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]).toMatchObject({ outcome: 'ok', response: 'Never mind' });
    expect(captured.runs[0]?.tool_calls[0]?.outcome).toBe('timed_out');
  },
  ({ major }) => major === 7,
);
