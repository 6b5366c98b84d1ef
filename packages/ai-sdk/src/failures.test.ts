import { withRun } from '@observatory/core';
import { expect } from 'vitest';
import { everyVersion, tree, until, WEATHER } from './observed.test.support.js';

/** Reads a stream to its end; what the host sees of a failure is not the subject here. */
async function readAll(stream: { consumeStream(options?: object): Promise<void> }): Promise<void> {
  await stream.consumeStream({ onError: () => {} });
}

const silent = { onError: () => {} };

/** What a provider that is down throws. */
function apiError(message: string, statusCode: number, isRetryable: boolean): Error {
  const error = Object.assign(new Error(message), {
    statusCode,
    isRetryable,
    url: 'http://provider',
    name: 'AI_APICallError',
  });
  // The SDK knows its errors by these marks, not by their class.
  return Object.assign(error, {
    [Symbol.for('vercel.ai.error')]: true,
    [Symbol.for('vercel.ai.error.AI_APICallError')]: true,
  });
}

everyVersion('a request that is refused fails the step and the run', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ reject: apiError('no such model', 404, false) }]);
  await expect(ai.generateText({ model, prompt: 'Hi' })).rejects.toThrow('no such model');
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual([
    'run generateText error "AI_APICallError: no such model"',
    '  step mock-1 - no tokens error "AI_APICallError: no such model"',
  ]);
  expect(captured.runs[0]?.steps[0]?.metadata).toMatchObject({ status_code: 404 });
});

everyVersion('a streamed request that is refused fails the step and the run', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ reject: apiError('no such model', 404, false) }]);
  await readAll(ai.streamText({ model, prompt: 'Hi', ...silent }));
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual([
    'run streamText error "AI_APICallError: no such model"',
    '  step mock-1 - no tokens error "AI_APICallError: no such model"',
  ]);
});

for (const streamed of [false, true]) {
  everyVersion(
    `a retried ${streamed ? 'streamed ' : ''}request is one step with its attempts`,
    async (bench) => {
      const { ai, captured } = bench;
      const overloaded = { reject: apiError('overloaded', 529, true) };
      const { model } = bench.mock([overloaded, { text: 'Fine' }]);
      if (streamed) await readAll(ai.streamText({ model, prompt: 'Hi', maxRetries: 1 }));
      else await ai.generateText({ model, prompt: 'Hi', maxRetries: 1 });
      await captured.settled({ runs: 1 });
      expect(tree(captured.runs[0])).toEqual([
        `run ${streamed ? 'streamText' : 'generateText'} ok`,
        '  step mock-1 stop 10/5 ok',
      ]);
      expect(captured.runs[0]?.steps[0]?.metadata).toMatchObject({ attempts: 2 });
      expect(captured.runs[0]?.response).toBe('Fine');
    },
  );
}

everyVersion('when all attempts fail the step says so once', async (bench) => {
  const { ai, captured } = bench;
  const { model, requests } = bench.mock([{ reject: apiError('overloaded', 529, true) }]);
  await expect(ai.generateText({ model, prompt: 'Hi', maxRetries: 1 })).rejects.toThrow(/overloaded/);
  await captured.settled({ runs: 1 });
  expect(requests).toHaveLength(2);
  const [run] = captured.runs;
  expect(run?.steps).toHaveLength(1);
  expect(run).toMatchObject({ outcome: 'error', status_code: 2 });
  expect(run?.status_message).toContain('overloaded');
  expect(run?.steps[0]).toMatchObject({ outcome: 'error', metadata: { attempts: 2, status_code: 529 } });
});

everyVersion(
  "a provider's error in the middle of a stream fails the step and the run, with its message",
  async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([{ text: 'Half an ans', errorPart: new Error('mid-stream overload') }]);
    await readAll(ai.streamText({ model, prompt: 'Hi', ...silent }));
    await captured.settled({ runs: 1 });
    const [run] = captured.runs;
    expect(run).toMatchObject({
      outcome: 'error',
      status_message: 'mid-stream overload',
      response: 'Half an ans',
    });
    expect(run?.steps[0]).toMatchObject({
      outcome: 'error',
      status_message: 'mid-stream overload',
      output: [{ role: 'assistant', content: 'Half an ans' }],
    });
  },
);

everyVersion('a stream that breaks off while it is read fails the step and the run', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ text: 'Half', throws: new Error('socket hang up') }]);
  await readAll(ai.streamText({ model, prompt: 'Hi', ...silent }));
  await captured.settled({ runs: 1 });
  const [run] = captured.runs;
  expect(run).toMatchObject({ outcome: 'error', status_message: 'socket hang up', response: 'Half' });
  expect(run?.steps).toHaveLength(1);
  expect(run?.steps[0]).toMatchObject({ outcome: 'error', status_message: 'socket hang up' });
  expect(run?.steps[0]?.completion_tokens).toBeUndefined();
});

for (const streamed of [false, true]) {
  everyVersion(
    `a second step that is refused fails the ${streamed ? 'streamed ' : ''}run and keeps what the first one used`,
    async (bench) => {
      const { ai, captured } = bench;
      const { model } = bench.mock([WEATHER, { reject: apiError('gone', 503, false) }]);
      const options = {
        model,
        prompt: 'Weather?',
        tools: { weather: bench.tool(async () => 'clear') },
        stopWhen: bench.steps(3),
        ...silent,
      };
      if (streamed) await readAll(ai.streamText(options));
      else await expect(ai.generateText(options)).rejects.toThrow('gone');
      await captured.settled({ runs: 1 });
      expect(tree(captured.runs[0])).toEqual([
        `run ${streamed ? 'streamText' : 'generateText'} error "AI_APICallError: gone"`,
        '  step mock-1 tool-calls 10/5 ok',
        '    tool weather ok',
        '  step mock-1 - no tokens error "AI_APICallError: gone"',
      ]);
    },
  );
}

everyVersion('a truncated stream is incomplete, and its tokens are unknown rather than 0', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ text: 'Half an ans', truncated: true }]);
  await readAll(ai.streamText({ model, prompt: 'Hi', ...silent }));
  await captured.settled({ runs: 1 });
  const [run] = captured.runs;
  expect(run?.outcome).toBe('incomplete');
  expect(run?.response).toBe('Half an ans');
  expect(run?.steps[0]).toMatchObject({ outcome: 'incomplete' });
  expect(run?.steps[0]).not.toHaveProperty('prompt_uncached_tokens');
  expect(run?.steps[0]).not.toHaveProperty('completion_tokens');
});

everyVersion('an empty stream comes to an end that is not a success', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ empty: true }]);
  await readAll(ai.streamText({ model, prompt: 'Hi', ...silent }));
  await captured.settled({ runs: 1 });
  expect(['error', 'incomplete']).toContain(captured.runs[0]?.outcome);
  expect(captured.runs[0]?.steps).toHaveLength(1);
});

everyVersion('a tool that throws is a failed tool call in a run that goes on', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([
    {
      toolCalls: [
        { id: 'c1', name: 'boom' },
        { id: 'c2', name: 'text' },
        { id: 'c3', name: 'weather' },
      ],
    },
    { text: 'Anyway' },
  ]);
  const result = ai.streamText({
    model,
    prompt: 'Go',
    tools: {
      boom: bench.tool(async () => {
        throw new TypeError('tool exploded');
      }),
      text: bench.tool(async () => {
        throw 'just text';
      }),
      weather: bench.tool(async () => 'clear'),
    },
    stopWhen: bench.steps(3),
  });
  await readAll(result);
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual([
    'run streamText ok',
    '  step mock-1 tool-calls 10/5 ok',
    '    tool boom error "TypeError: tool exploded"',
    '    tool text error "just text"',
    '    tool weather ok',
    '  step mock-1 stop 10/5 ok',
  ]);
});

everyVersion(
  'an answer that does not fit its schema fails the run after the step went well',
  async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([{ text: 'not json' }]);
    const schema = ai.jsonSchema({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    });
    const output = ai.Output.object({ schema });
    await expect(
      ai
        .generateText({
          model,
          prompt: 'Hi',
          ...(bench.major === 5 ? { experimental_output: output } : { output }),
        })
        .then((result) => result.output),
    ).rejects.toThrow();
    await captured.settled({ runs: 1 });
    await until(() => captured.runs[0]?.outcome === 'error');
    const [run] = captured.runs;
    expect(run?.status_message).toContain('No object generated');
    expect(run?.steps[0]).toMatchObject({ outcome: 'ok', completion_tokens: 5 });
    expect(run?.response).toBe('not json');
  },
);

for (const streamed of [false, true]) {
  everyVersion(`${streamed ? 'streamObject' : 'generateObject'} is a run with one step`, async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([{ text: ['{"city":', '"Oslo"}'], modelId: 'mock-1-2026' }]);
    const schema = ai.jsonSchema({ type: 'object', properties: { city: { type: 'string' } } });
    if (streamed) {
      const result = ai.streamObject({ model, prompt: 'Where?', schema });
      for await (const _ of result.partialObjectStream);
      expect(await result.object).toEqual({ city: 'Oslo' });
    } else {
      expect((await ai.generateObject({ model, prompt: 'Where?', schema })).object).toEqual({ city: 'Oslo' });
    }
    await captured.settled({ runs: 1 });
    const [run] = captured.runs;
    expect(tree(run)).toEqual([
      `run ${streamed ? 'streamObject' : 'generateObject'} ok`,
      '  step mock-1 stop 10/5 ok',
    ]);
    expect(run).toMatchObject({ prompt: { user_prompt: 'Where?' }, response: '{"city":"Oslo"}' });
    expect(run?.steps[0]).toMatchObject({
      model_used: 'mock-1-2026',
      output: [{ role: 'assistant', content: '{"city":"Oslo"}' }],
    });
  });

  everyVersion(
    `${streamed ? 'streamObject' : 'generateObject'} with an answer that is no object fails, and keeps the answer and its tokens`,
    async (bench) => {
      const { ai, captured } = bench;
      const { model } = bench.mock([{ text: 'not json' }]);
      const schema = ai.jsonSchema({ type: 'object' });
      if (streamed) {
        const result = ai.streamObject({ model, prompt: 'Where?', schema, ...silent });
        const failed = expect(result.object).rejects.toThrow();
        for await (const _ of result.partialObjectStream);
        await failed;
      } else await expect(ai.generateObject({ model, prompt: 'Where?', schema })).rejects.toThrow();
      await captured.settled({ runs: 1 });
      await until(() => captured.runs[0]?.outcome === 'error');
      const [run] = captured.runs;
      expect(run?.status_message).toMatch(/No object generated|response did not match schema/);
      expect(run?.steps[0]).toMatchObject({
        outcome: 'ok',
        completion_tokens: 5,
        output: [{ role: 'assistant', content: 'not json' }],
      });
    },
  );
}

everyVersion('length and content filter are reasons, not failures', async (bench) => {
  const { ai, captured } = bench;
  for (const finishReason of ['length', 'content-filter']) {
    captured.clear();
    await ai.generateText({ model: bench.mock([{ text: 'Cut', finishReason }]).model, prompt: 'Hi' });
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]?.outcome).toBe('ok');
    expect(captured.runs[0]?.steps[0]).toMatchObject({ finish_reason: finishReason, outcome: 'ok' });
  }
});

everyVersion('a failing call inside a run fails its step and leaves the run to its owner', async (bench) => {
  const { ai, captured } = bench;
  await withRun({ name: 'job' }, async (run) => {
    run.prompt('Try');
    const { model } = bench.mock([{ reject: apiError('down', 500, false) }]);
    await ai.generateText({ model, prompt: 'Hi' }).catch(() => {});
    run.response('Never mind');
  });
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual([
    'run job ok',
    '  step mock-1 - no tokens error "AI_APICallError: down"',
  ]);
  expect(captured.runs[0]?.response).toBe('Never mind');
});

everyVersion('a failure before any request fails the run', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ text: 'Hi' }]);
  await expect(
    ai.generateText({
      model,
      prompt: 'Hi',
      prepareStep: () => {
        throw new Error('not prepared');
      },
    }),
  ).rejects.toThrow('not prepared');
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual(['run generateText error "not prepared"']);
});

everyVersion('prepareStep may switch the model: each step says which it asked', async (bench) => {
  const { ai, captured } = bench;
  const first = bench.mock([WEATHER], { modelId: 'small' });
  const second = bench.mock([{ text: 'Sunny' }], { modelId: 'large' });
  const seen: unknown[] = [];
  await ai.generateText({
    model: first.model,
    prompt: 'Weather?',
    tools: { weather: bench.tool(async () => 'clear') },
    stopWhen: bench.steps(3),
    prepareStep: ({ stepNumber, model }: { stepNumber: number; model: unknown }) => {
      seen.push(model === first.model);
      return stepNumber === 1 ? { model: second.model } : {};
    },
  });
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]?.steps.map(({ model_requested }) => model_requested)).toEqual(['small', 'large']);
  expect(seen).toEqual([true, true]);
});
