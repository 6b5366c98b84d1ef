import { withRun } from '@observatory/core';
import type { CapturedRun } from '@observatory/testing';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { type Bench, everyVersion } from './observed.test.support.js';

// For the whole file: a timer that was set before would run by another clock.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
});
afterAll(() => {
  vi.useRealTimers();
});

const silent = { onError: () => {} };

/** The run of this test: what the tests before left behind may still speak up. */
const own = ({ captured }: Bench, question: string): CapturedRun | undefined =>
  captured.runs.find(({ prompt }) => prompt.user_prompt === question);

/** Lets the clock run, and the streams with it, until the run has ended; three minutes at most. */
async function untilClosed(bench: Bench, question: string): Promise<CapturedRun | undefined> {
  for (let i = 0; i < 36 && own(bench, question)?.end_time === undefined; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(5_000);
  }
  return own(bench, question);
}

const MANY = Array.from({ length: 50 }, (_, i) => `word${i} `);

const left: Record<string, (bench: Bench, stream: ReturnType<Bench['ai']['streamText']>) => Promise<void>> = {
  'a reader that leaves its loop': async (_bench, result) => {
    for await (const _ of result.textStream) break;
  },
  'a reader that cancels': async (_bench, result) => {
    const reader = result.textStream.getReader();
    await reader.read();
    await reader.cancel('enough');
  },
  'a client that disconnects': async (_bench, result) => {
    const reader = result.toUIMessageStreamResponse().body?.getReader();
    await reader?.read();
    await reader?.read();
    await reader?.cancel('gone');
  },
};

for (const [who, leave] of Object.entries(left)) {
  everyVersion(
    `${who} leaves a run that ends in bounded time, once, with its partial text`,
    async (bench) => {
      const prompt = `${who} with ${bench.version}`;
      await leave(
        bench,
        bench.ai.streamText({ model: bench.mock([{ text: MANY }]).model, prompt, ...silent }),
      );
      const run = await untilClosed(bench, prompt);
      expect(run?.end_time).toBeDefined();
      expect(['cancelled', 'abandoned', 'ok']).toContain(run?.outcome);
      expect(run?.response).toMatch(/^word0 /);
      expect(run?.steps).toHaveLength(1);
      expect(run?.steps[0]?.end_time).toBeDefined();
    },
  );
}

everyVersion(
  'a stream that nobody ever reads ends in bounded time, and is what it is when somebody comes after all',
  async (bench) => {
    const prompt = `nobody with ${bench.version}`;
    const result = bench.ai.streamText({ model: bench.mock([{ text: MANY }]).model, prompt, ...silent });
    expect((await untilClosed(bench, prompt))?.outcome).toBe('abandoned');
    await result.consumeStream();
    expect(await result.text).toBe(MANY.join(''));
    const run = own(bench, prompt);
    expect(run).toMatchObject({ outcome: 'ok', response: MANY.join('') });
    expect(run?.steps).toHaveLength(1);
    expect(run?.steps[0]).toMatchObject({ outcome: 'ok', completion_tokens: 5 });
  },
);

everyVersion('a stream left inside a run leaves nothing open in it', async (bench) => {
  const prompt = `inside with ${bench.version}`;
  await withRun({ name: 'request' }, async (run) => {
    run.prompt(prompt);
    const { model } = bench.mock([{ text: MANY }]);
    for await (const _ of bench.ai.streamText({ model, prompt: 'Hi', ...silent }).textStream) break;
  });
  const run = await untilClosed(bench, prompt);
  expect(run?.end_time).toBeDefined();
  expect(run?.steps).toHaveLength(1);
  expect(run?.steps[0]?.end_time).toBeDefined();
});
