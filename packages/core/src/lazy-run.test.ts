import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configure, resetConfig } from './config.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { recorder } from './recorder.js';
import { withRun } from './with-run.js';

let outbox: ReturnType<typeof memoryOutbox>;
const record = recorder('test/1.0.0');

beforeEach(() => {
  outbox = memoryOutbox();
});

afterEach(() => {
  vi.useRealTimers();
  outbox.restore();
  resetConfig();
});

describe('a lazy run', () => {
  test('leaves no trace when nothing happened in it', async () => {
    const run = record.openRun({ lazy: true, name: 'GET /health' });
    record.amendRun(run, { response: 'fine', prompt: 'never said', metadata: { http_status: 200 } });
    run.metadata({ tenant: 'acme' }).user('u1').tags('web');
    await record.endRun(run, { outcome: 'error', error: 'lost' });
    expect(outbox.waiting).toBe(0);
  });

  test.each([
    ['a step', (run) => record.endStep(record.startStep(run), { response: 'Hi' })],
    ['a tool call', (run) => run.toolCall('search').args({}).end()],
    ['a nested run', (run) => void run.run({ name: 'expert' }).prompt('Hi').end()],
    ['a prompt', (run) => run.prompt('Hi')],
    ['a response', (run) => run.response('Hi')],
    ['a step of the ambient run', (run) => withRun(run, () => record.scope()?.run.step().prompt('Hi').end())],
  ] as [string, (run: ReturnType<typeof record.openRun>) => void][])(
    'is recorded once it has %s, from its own start',
    async (_what, happens) => {
      const run = record.openRun({ lazy: true, name: 'POST /chat', startTime: new Date('2026-01-01') });
      happens(run);
      await record.endRun(run, { outcome: 'ok' });
      expect(outbox.merged(run.runId)).toMatchObject({
        name: 'POST /chat',
        outcome: 'ok',
        start_time: '2026-01-01T00:00:00.000Z',
        sdk: 'test/1.0.0',
      });
    },
  );

  test('is told just before the first thing happens, once, and takes the fields it is given', async () => {
    const lazy = vi.fn(() => ({ prompt: 'What is new?', sessionId: 's1', userId: 'u1' }));
    const run = record.openRun({ lazy });
    expect(lazy).not.toHaveBeenCalled();
    record.startStep(run);
    record.startStep(run);
    expect(lazy).toHaveBeenCalledOnce();
    expect(lazy).toHaveBeenCalledWith(run);
    await record.endRun(run);
    expect(outbox.merged(run.runId)).toMatchObject({
      prompt: { user_prompt: 'What is new?' },
      session_id: 's1',
      user_id: 'u1',
    });
  });

  test('keeps what the host says over what it was given', async () => {
    const run = record.openRun({ lazy: () => ({ prompt: 'from the body' }) });
    run.prompt('from the host');
    await record.endRun(run);
    expect(outbox.merged(run.runId)).toMatchObject({ prompt: { user_prompt: 'from the host' } });
  });

  test('records nothing at all, also not what is in it, when it is told so', async () => {
    const run = record.openRun({ lazy: () => false });
    run.step().prompt('secret').response('secret').end();
    const nested = run.run().prompt('secret');
    nested.step().prompt('secret').end();
    await nested.end();
    await record.endRun(run, { response: 'secret' });
    expect(outbox.waiting).toBe(0);
  });

  test('can be kept without anything happening in it', async () => {
    const run = record.openRun({ lazy: true });
    record.keepRun(run);
    await record.endRun(run);
    expect(outbox.merged(run.runId)).toMatchObject({ outcome: 'ok' });
  });

  test('is sampled when it begins to be recorded, by what is known then', async () => {
    const seen: unknown[] = [];
    configure({
      sample: (context) => {
        seen.push(context);
        return context.sessionId === 'kept';
      },
    });
    const kept = record.openRun({ lazy: () => ({ sessionId: 'kept', tags: ['web'] }) });
    const dropped = record.openRun({ lazy: () => ({ sessionId: 'dropped' }) });
    expect(seen).toEqual([]);
    for (const run of [kept, dropped]) {
      run.step().prompt('Hi').end();
      await record.endRun(run);
    }
    expect(seen).toMatchObject([{ sessionId: 'kept', tags: ['web'] }, { sessionId: 'dropped' }]);
    expect(new Set(outbox.sent().map(({ run_id }) => run_id))).toEqual(new Set([kept.runId]));
  });

  test('is recorded together with a lazy run that is nested in it, and only then', async () => {
    const outer = record.openRun({ lazy: true, name: 'outer' });
    const inner = withRun(outer, () => record.openRun({ lazy: true, name: 'inner' }));
    expect(outbox.waiting).toBe(0);
    inner.step().prompt('Hi').end();
    await record.endRun(inner);
    await record.endRun(outer);
    expect(outbox.merged(inner.runId)).toMatchObject({ parent_run_id: outer.runId });
    expect(outbox.merged(outer.runId)).toMatchObject({ name: 'outer', outcome: 'ok' });
  });

  test('that had ended still takes what happens soon after, and its end moves there', async () => {
    const run = record.openRun({ lazy: true });
    void record.endRun(run, { children: 'wait', outcome: 'ok', endTime: Date.now() - 500 });
    expect(outbox.waiting).toBe(0);
    const step = withRun(run, () => record.startStep(record.scope()!.run));
    expect(record.isOpen(run)).toBe(true);
    record.endStep(step, { response: 'late' });
    expect(record.isOpen(run)).toBe(false);
    expect(outbox.merged(run.runId).end_time).toBe(outbox.merged(step.stepId).end_time);
  });

  test('takes nothing any more a minute after its end', async () => {
    vi.useFakeTimers();
    const run = record.openRun({ lazy: true });
    await withRun(run, async () => {
      await record.endRun(run);
      expect(record.scope()?.run).toBe(run);
      vi.advanceTimersByTime(61_000);
      expect(record.scope()).toBeUndefined();
    });
  });

  test('says it is alive while it waits for its children, and gives up on those that never end', async () => {
    vi.useFakeTimers();
    const run = record.openRun({ lazy: true });
    const step = record.startStep(run);
    void record.endRun(run, { children: 'wait', waitMs: 10_000, outcome: 'cancelled' });
    await vi.advanceTimersByTimeAsync(9_900);
    expect(record.isOpen(run)).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(outbox.merged(run.runId)).toMatchObject({ outcome: 'cancelled' });
    expect(outbox.merged(step.stepId)).toMatchObject({ outcome: 'abandoned' });
  });
});

describe('a run that settles', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  test('waits after its last child for the next one', async () => {
    const run = record.openRun();
    const first = record.startStep(run);
    void record.endRun(run, { children: 'wait', settleMs: 50, waitMs: 10_000 });
    record.endStep(first);
    await vi.advanceTimersByTimeAsync(30);
    const second = record.startStep(run);
    await vi.advanceTimersByTimeAsync(500);
    expect(record.isOpen(run)).toBe(true);
    record.endStep(second);
    await vi.advanceTimersByTimeAsync(30);
    expect(record.isOpen(run)).toBe(true);
    await vi.advanceTimersByTimeAsync(60);
    expect(record.isOpen(run)).toBe(false);
    expect(outbox.merged(run.runId).end_time).toBe(outbox.merged(second.stepId).end_time);
  });

  test('resolves every end that was asked for', async () => {
    const run = record.openRun();
    record.startStep(run);
    const ends = [1, 2].map(() => record.endRun(run, { children: 'wait', waitMs: 100 }));
    await vi.advanceTimersByTimeAsync(150);
    await expect(Promise.all(ends)).resolves.toBeDefined();
  });
});

describe('a run that takes its texts from its steps', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello?' },
    { role: 'assistant', content: 'Yes?' },
    {
      role: 'user',
      content: [{ type: 'text', text: 'Weather' }, { type: 'image_url' }, { text: 'in Oslo?' }],
    },
  ];

  test.each([
    ['messages', { messages }],
    ['lazy messages', { messages: () => messages }],
  ])(
    'has the last user message of the first step and the text of the last one, from %s',
    async (_, first) => {
      const run = record.openRun({ textFromSteps: true });
      record.endStep(record.startStep(run, first), { output: [{ role: 'assistant', tool_calls: [{}] }] });
      record.endStep(record.startStep(run, { messages: [{ role: 'user', content: 'not this' }] }), {
        output: () => [{ role: 'assistant', content: 'Rain.' }],
      });
      await record.endRun(run);
      expect(outbox.merged(run.runId)).toMatchObject({
        prompt: { user_prompt: 'Weather\nin Oslo?' },
        response: 'Rain.',
      });
    },
  );

  test('prefers its own', async () => {
    const run = record.openRun({ textFromSteps: true, prompt: 'own prompt' });
    run.step().prompt('step prompt').response('step response').end();
    await record.endRun(run, { response: 'own response' });
    expect(outbox.merged(run.runId)).toMatchObject({
      prompt: { user_prompt: 'own prompt' },
      response: 'own response',
    });
  });

  test('has none where its steps have none', async () => {
    const run = record.openRun({ textFromSteps: true });
    record.endStep(
      record.startStep(run, {
        messages: () => {
          throw new Error('unreadable');
        },
      }),
    );
    await record.endRun(run);
    const merged = outbox.merged(run.runId);
    expect(merged.prompt).toBeUndefined();
    expect(merged.response).toBeUndefined();
  });
});

test('a run can be nested in one that another process records', async () => {
  const run = record.openRun({ parent: { runId: 'remote-run', toolCallId: 'call_1' } });
  await record.endRun(run);
  expect(outbox.merged(run.runId)).toMatchObject({
    parent_run_id: 'remote-run',
    parent_tool_call_id: 'call_1',
  });
  expect(outbox.sent().every(({ run_id }) => run_id !== 'remote-run')).toBe(true);
});

test('the status that the host set is the outcome where an adapter knows no other', async () => {
  const run = record.openRun();
  run.prompt('Hi').status(2, 'refused');
  await record.endRun(run);
  expect(outbox.merged(run.runId)).toMatchObject({ outcome: 'error', status_message: 'refused' });
});

test('a run in no session of its own belongs to that of the run around it', () => {
  const outer = record.openRun({ sessionId: 's1' });
  const inner = withRun(outer, () => record.openRun());
  expect(record.sessionOf(inner)).toBe('s1');
  record.amendRun(inner, { sessionId: 's2' });
  expect(record.sessionOf(inner)).toBe('s2');
  expect(record.sessionOf(record.openRun())).toBeUndefined();
});
