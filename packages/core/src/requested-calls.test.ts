import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { recorder } from './recorder.js';
import { run } from './run.js';
import { traced } from './traced.js';
import { withRun } from './with-run.js';

const record = recorder('test/0.0.0');
let outbox: ReturnType<typeof memoryOutbox>;

beforeEach(() => {
  outbox = memoryOutbox();
});
afterEach(() => outbox.restore());

const ask = (r: ReturnType<typeof run>, toolCallId: string, name: string, args: string) =>
  record.startToolCall(r, { toolCallId, name, args, requested: true });

test('a run does not wait for a call that the model asked for and nobody makes', async () => {
  const r = run({ name: 'r' });
  r.prompt('Go');
  const started = performance.now();
  await withRun(r, async () => void ask(r, 'call_1', 'as_json', '{}'));
  await record.endRun(r, { children: 'wait' });
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'ok' });
  expect(outbox.merged('call_1')).toMatchObject({ outcome: 'abandoned', tool_name: 'as_json' });
});

test('making the call by its id is the same call, and the run waits for it', async () => {
  const r = run({ name: 'r' });
  r.prompt('Go');
  const asked = ask(r, 'call_1', 'weather', '{"city":"Oslo"}');
  const made = r.toolCall({ toolCallId: 'call_1', name: 'weather' });
  expect(made).toBe(asked);
  const ended = record.endRun(r, { children: 'wait' });
  expect(outbox.merged(r.runId).end_time).toBeUndefined();
  made.result('21 °C').end();
  await ended;
  expect(outbox.merged('call_1')).toMatchObject({ outcome: 'ok', result: '21 °C', args: '{"city":"Oslo"}' });
  expect(r.toolCall({ toolCallId: 'call_1' })).not.toBe(asked);
});

test('a traced tool makes the call the model asked for: by its arguments, else the first of its name', async () => {
  const weather = traced(({ city }: { city: string }) => `sunny in ${city}`, { as: 'tool', name: 'weather' });
  const time = traced((zone: string) => `noon in ${zone}`, { as: 'tool', name: 'time' });
  const r = run({ name: 'r' });
  r.prompt('Go');
  ask(r, 'call_1', 'weather', '{"city": "Oslo"}');
  ask(r, 'call_2', 'weather', '{"city": "Rome"}');
  ask(r, 'call_3', 'time', '{"zone":"CET"}');
  withRun(r, () => {
    weather({ city: 'Rome' });
    weather({ city: 'Oslo' });
    time('CET');
    time('EST');
  });
  await r.end();
  expect(outbox.merged('call_1')).toMatchObject({ result: 'sunny in Oslo', outcome: 'ok' });
  expect(outbox.merged('call_2')).toMatchObject({ result: 'sunny in Rome', outcome: 'ok' });
  expect(outbox.merged('call_3')).toMatchObject({ result: 'noon in CET', outcome: 'ok' });
  const ids = new Set(
    outbox.sent('tool_call').map((item) => (item as { tool_call_id: string }).tool_call_id),
  );
  expect(ids.size).toBe(4);
});
