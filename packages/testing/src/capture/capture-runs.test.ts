import { run, session, submitFeedback, traced, withRun } from '@observatory/core';
import { recorder } from '@observatory/core/recorder';
import { expect, test } from 'vitest';
import { captureRuns } from './capture-runs.js';

test('a captured run is one object with its steps, tool calls and nested runs', async () => {
  using captured = captureRuns();
  const r = run({ sessionId: 's1', conversational: true, name: 'agent', userId: 'u1', tags: ['a'] });
  r.prompt({ user_prompt: 'Weather?', system_prompt: 'Be brief.' }).metadata({ plan: 'pro' });
  const step = r.step();
  step.prompt([{ role: 'user', content: 'Weather?' }]).model({ requested: 'gpt-5', used: 'gpt-5-2025' });
  step.response({ role: 'assistant', content: 'Sunny' }).tokens({ uncached: 7, completion: 2 });
  step.toolDefinitions([{ name: 'weather' }]).end();
  const call = r.toolCall({ name: 'weather', toolCallId: 'call_1', step });
  call.args({ city: 'Oslo' }).result('21 °C').end();
  const nested = r.run({ name: 'expert' });
  nested.prompt('Really?').response('Yes.');
  await nested.end();
  r.response('Sunny, 21 °C.');
  await r.end();

  expect(captured.runs).toHaveLength(1);
  expect(captured.runs[0]).toMatchObject({
    run_id: r.runId,
    session_id: 's1',
    conversational: true,
    name: 'agent',
    user_id: 'u1',
    tags: ['a'],
    prompt: { user_prompt: 'Weather?', system_prompt: 'Be brief.' },
    response: 'Sunny, 21 °C.',
    metadata: { plan: 'pro' },
    outcome: 'ok',
    status_code: 0,
    steps: [
      {
        model_requested: 'gpt-5',
        model_used: 'gpt-5-2025',
        messages: [{ role: 'user', content: 'Weather?' }],
        output: [{ role: 'assistant', content: 'Sunny' }],
        tool_definitions: [{ name: 'weather' }],
        prompt_uncached_tokens: 7,
        completion_tokens: 2,
      },
    ],
    tool_calls: [
      {
        tool_call_id: 'call_1',
        tool_name: 'weather',
        args: '{"city":"Oslo"}',
        result: '21 °C',
        step_id: step.stepId,
      },
    ],
    runs: [{ name: 'expert', parent_run_id: r.runId, response: 'Yes.', runs: [] }],
  });
  expect(captured.allRuns.map(({ name }) => name)).toEqual(['agent', 'expert']);
});

test('what is recorded after the end amends the run', async () => {
  using captured = captureRuns();
  const record = recorder('test/1.0.0');
  const r = run({ name: 'first' });
  r.prompt('Hi');
  await r.end();
  expect(captured.runs[0]).toMatchObject({ name: 'first', outcome: 'ok' });
  record.amendRun(r, { name: 'second', response: 'late' });
  await r.feedback({ score: 'thumbs_up' });
  await submitFeedback({ runId: r.runId, text: 'Nice' });
  expect(captured.runs).toHaveLength(1);
  expect(captured.runs[0]).toMatchObject({ name: 'second', response: 'late', outcome: 'ok' });
  expect(captured.runs[0]?.feedback).toMatchObject([{ score: 'thumbs_up' }, { text: 'Nice' }]);
});

test('settled waits for work that nobody awaits', async () => {
  using captured = captureRuns();
  void withRun({ name: 'background' }, async (r) => {
    r.prompt('Go');
    await new Promise((resolve) => setTimeout(resolve, 20));
    traced(() => 1, { as: 'tool', name: 'late' })();
  });
  await captured.settled();
  expect(captured.runs[0]).toMatchObject({ outcome: 'ok', tool_calls: [{ tool_name: 'late' }] });
});

test('settled waits for as many runs as the test expects', async () => {
  using captured = captureRuns();
  setTimeout(() => run().prompt('a').end(), 5);
  setTimeout(() => run().prompt('b').end(), 15);
  await captured.settled({ runs: 2 });
  expect(captured.runs.map(({ prompt }) => prompt.user_prompt)).toEqual(['a', 'b']);
});

test('settled names what is still open when the time is up', async () => {
  using captured = captureRuns();
  const r = run({ name: 'forgotten' });
  r.prompt('Hi');
  r.step().model('gpt-5');
  await expect(captured.settled({ timeoutMs: 10 })).rejects.toThrow(
    'captureRuns: still open after 10 ms: run forgotten, step gpt-5. End them, or give settled() more time.',
  );
  await r.error('enough');
});

test('secrets are redacted as they would be on the wire', async () => {
  using captured = captureRuns();
  const r = run();
  r.prompt('My key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH');
  await r.end();
  expect(JSON.stringify(captured.items)).not.toContain('abcdefghijklmnopqrstuvwxyz');
});

test('captures nest, and restore gives the outer one its place back', async () => {
  const outer = captureRuns();
  {
    using inner = captureRuns();
    await session('s').run().prompt('inner').end();
    expect(inner.runs).toHaveLength(1);
  }
  await run().prompt('outer').end();
  expect(outer.runs.map(({ prompt }) => prompt.user_prompt)).toEqual(['outer']);
  outer.clear();
  expect(outer.runs).toEqual([]);
  outer.restore();
  outer.restore();
});
