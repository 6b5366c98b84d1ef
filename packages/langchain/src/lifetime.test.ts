import { configure, run, withRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import { describe, expect, test, vi } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';
import { openCount, sweep } from './invocation.js';
import { chat, lines } from './lines.test.support.js';

const handler = () => ({ callbacks: [new ObservatoryCallbackHandler()] });

describe.each(lines)('what never ends on %s', (_name, line) => {
  const { FakeListChatModel, RunnableLambda } = line;

  test('a stream that its reader leaves is closed as abandoned, with what it brought', async () => {
    await using server = await modelServer([{ text: ['One ', 'two ', 'three'], usage: null }]);
    using captured = captureRuns();
    for await (const chunk of await chat(line, server).stream('Hi', handler())) {
      if (chunk.content === 'two ') break;
    }
    expect(captured.runs[0]!.end_time).toBeUndefined();
    expect(sweep(0)).toBe(1);
    expect(captured.runs).toMatchObject([
      { outcome: 'abandoned', status_code: 0, steps: [{ outcome: 'abandoned' }] },
    ]);
    const [step] = captured.runs[0]!.steps;
    // LangChain reports a chunk before or after its reader has it, depending on the version of Node.
    expect(['One ', 'One two ', 'One two three']).toContain(step!.output![0]!.content);
    expect(step!.time_to_first_token_ms).toBeGreaterThan(0);
    expect(openCount()).toBe(0);
  });

  test('what still happens is not swept', async () => {
    using captured = captureRuns();
    const chain = RunnableLambda.from(() => {
      expect(sweep(60_000)).toBe(0);
      return 'done';
    });
    await chain.invoke('x', handler());
    expect(captured.runs).toMatchObject([{ outcome: 'ok' }]);
  });

  test('the real end of something that was given up counts', async () => {
    using captured = captureRuns();
    const chain = RunnableLambda.from(() => {
      sweep(-1);
      return 'done after all';
    });
    await chain.invoke('x', handler());
    expect(captured.runs).toMatchObject([{ outcome: 'ok', response: 'done after all' }]);
  });

  test("a stream left inside the host's run ends with that run", async () => {
    await using server = await modelServer([{ text: ['One ', 'two ', 'three'] }]);
    using captured = captureRuns();
    const request = run({ name: 'request' });
    request.prompt('Hi');
    await withRun(request, async () => {
      for await (const _ of await chat(line, server).stream('Hi', handler())) break;
    });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await request.end();
    warn.mockRestore();
    expect(captured.runs).toMatchObject([{ outcome: 'ok', steps: [{ outcome: 'abandoned' }] }]);
    sweep(0);
  });

  test('thousands of left streams keep a bounded number open, and each is reported once', async () => {
    using captured = captureRuns();
    const model = new FakeListChatModel({ responses: ['abc'] });
    const streams = 300;
    for (let i = 0; i < streams; i++) {
      for await (const _ of await model.stream(`${i}`, handler())) break;
    }
    expect(openCount()).toBeLessThanOrEqual(streams);
    sweep(0);
    expect(openCount()).toBe(0);
    expect(captured.runs.map(({ outcome }) => outcome)).toEqual(Array(streams).fill('abandoned'));
    expect(new Set(captured.runs.map(({ run_id }) => run_id)).size).toBe(streams);
  });
});

test('more open invocations than the bound: the oldest are closed', async () => {
  using captured = captureRuns();
  const listener = new ObservatoryCallbackHandler();
  const said: string[] = [];
  configure({ onDiagnostic: ({ kind }) => void said.push(kind) });
  for (let i = 0; i < 10_005; i++) {
    listener.handleChainStart({}, { input: 'x' }, `left-${i}`, undefined, [], {}, undefined, 'left');
  }
  expect(openCount()).toBe(10_000);
  expect(said).toEqual(Array(5).fill('langchain-too-many-open'));
  expect(sweep(0)).toBe(10_000);
  expect(captured.runs.every(({ outcome }) => outcome === 'abandoned')).toBe(true);
  configure({ onDiagnostic: () => {} });
});
