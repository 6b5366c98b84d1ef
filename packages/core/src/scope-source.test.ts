import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addScopeSource, bind, currentRun, type Scope } from './ambient.js';
import { configure, resetConfig } from './config.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { recorder } from './recorder.js';
import { run } from './run.js';
import { withRun } from './with-run.js';

let outbox: ReturnType<typeof memoryOutbox>;
const record = recorder('test/1.0.0');

beforeEach(() => {
  outbox = memoryOutbox();
  configure({ onDiagnostic: () => {} });
});

afterEach(() => {
  outbox.restore();
  resetConfig();
});

const tick = () => new Promise((resolve) => setTimeout(resolve));

test("a framework's own context says where code stands that runs inside it", async () => {
  const framework = new AsyncLocalStorage<Scope>();
  const remove = addScopeSource(() => framework.getStore());
  const r = run();
  await framework.run({ run: r, metadata: { node: 'plan' } }, async () => {
    await tick();
    expect(currentRun()).toBe(r);
    expect(bind(() => currentRun())()).toBe(r);
    expect(record.enteredScope()).toBeUndefined();
    const step = record.startStep(r, { metadata: { kind: 'chat' } });
    record.endStep(step);
    expect(outbox.merged(step.stepId).metadata).toEqual({ node: 'plan', kind: 'chat' });
  });
  expect(currentRun()).toBeUndefined();
  remove();
  framework.run({ run: r }, () => expect(currentRun()).toBeUndefined());
});

test('a source that throws or knows nothing changes nothing', () => {
  const removers = [
    addScopeSource(() => {
      throw new Error('another version');
    }),
    addScopeSource(() => undefined),
  ];
  const r = run();
  withRun(r, () => expect(currentRun()).toBe(r));
  for (const remove of removers) remove();
});

test('a step that is made inside a tool call says so', () => {
  const r = run();
  const call = r.toolCall({ name: 'ask_expert', toolCallId: 'call_1' });
  record.within({ run: r, toolCall: call }, () => {
    const step = record.startStep(r);
    record.endStep(step);
    expect(outbox.merged(step.stepId).metadata).toEqual({ tool_call_id: 'call_1' });
  });
});

test('an entered scope reaches what the async function calls, and not its caller', async () => {
  const r = run();
  const seen: unknown[] = [];
  const model = async () => {
    await undefined;
    const step = record.startStep(r);
    record.enterScope({ run: r, step });
    await undefined;
    seen.push(record.outerStep() === step);
    record.endStep(step);
    seen.push(record.outerStep());
  };
  await model();
  expect(seen).toEqual([true, undefined]);
  expect(currentRun()).toBeUndefined();
});

test('an interrupted run goes on as the same run, and its next end is the real one', async () => {
  const r = run({ name: 'approval' });
  await record.endRun(r, { outcome: 'interrupted' });
  expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'interrupted', status_code: 0 });
  record.resumeRun(r);
  expect(record.isOpen(r)).toBe(true);
  const step = record.startStep(r);
  record.endStep(step);
  await record.endRun(r, { response: 'Sent.' });
  expect(outbox.merged(r.runId)).toMatchObject({ name: 'approval', outcome: 'ok', response: 'Sent.' });
});

test('a run that has really ended does not open again', async () => {
  const r = run();
  await record.endRun(r, {});
  record.resumeRun(r);
  expect(record.isOpen(r)).toBe(false);
});

test('a run knows what it is nested in', () => {
  const outer = run();
  const inner = outer.run().run();
  expect(record.isWithin(inner, outer)).toBe(true);
  expect(record.isWithin(outer, inner)).toBe(false);
  expect(record.isWithin(outer, outer)).toBe(false);
});
