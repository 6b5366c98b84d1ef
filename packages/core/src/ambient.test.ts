import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bind, currentRun } from './ambient.js';
import { configure, resetConfig } from './config.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { run } from './run.js';
import { traced } from './traced.js';
import { withRun } from './with-run.js';

let outbox: ReturnType<typeof memoryOutbox>;

beforeEach(() => {
  outbox = memoryOutbox();
  configure({ onDiagnostic: () => {} });
});

afterEach(() => {
  outbox.restore();
  resetConfig();
});

const tick = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the ambient run', () => {
  test('is there after awaits, in timers and promises, and nowhere else', async () => {
    const r = run();
    expect(currentRun()).toBeUndefined();
    await withRun(r, async () => {
      expect(currentRun()).toBe(r);
      await tick();
      expect(currentRun()).toBe(r);
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          expect(currentRun()).toBe(r);
          resolve();
        }),
      );
    });
    expect(currentRun()).toBeUndefined();
  });

  test('of concurrent requests never mix', async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        withRun({ runId: `run-${i}` }, async () => {
          for (let hop = 0; hop < 5; hop++) {
            await tick(Math.random() * 3);
            expect(currentRun()?.runId).toBe(`run-${i}`);
          }
        }),
      ),
    );
  });

  test('reaches an event emitter through bind', () => {
    const emitter = new EventEmitter();
    const seen: unknown[] = [];
    const r = run();
    withRun(r, () => {
      emitter.on(
        'job',
        bind(function (this: unknown, job: number) {
          seen.push(job, currentRun(), this === emitter);
        }),
      );
    });
    emitter.emit('job', 7);
    expect(seen).toEqual([7, r, true]);
  });

  test('reaches the body of an async generator, whoever pulls', async () => {
    const r = run();
    const seen: unknown[] = [];
    const generator = withRun(r, async function* () {
      seen.push(currentRun());
      const sent: unknown = yield 1;
      await tick();
      seen.push(sent, currentRun());
      return 'end';
    });
    expect(await generator.next()).toEqual({ done: false, value: 1 });
    expect(await generator.next('two-way' as never)).toEqual({ done: true, value: 'end' });
    expect(seen).toEqual([r, 'two-way', r]);
  });

  test('makes runs nest, under the tool call that starts them', async () => {
    const search = traced(async () => withRun({ name: 'researcher' }, async (inner) => inner.runId), {
      as: 'tool',
      name: 'search',
    });
    const [outerId, innerId] = await withRun({ name: 'boss' }, async (outer) => [
      outer.runId,
      await search(),
    ]);
    const call = outbox.sent('tool_call')[0];
    expect(call).toMatchObject({ tool_name: 'search', run_id: outerId, outcome: 'ok' });
    expect(outbox.merged(String(innerId))).toMatchObject({
      parent_run_id: outerId,
      parent_tool_call_id: call?.tool_call_id,
    });
  });

  test('is one for two copies of the package', async () => {
    vi.resetModules();
    const copy = await import('./ambient.js');
    expect(copy.bind).not.toBe(bind);
    const r = run();
    withRun(r, () => {
      expect(copy.currentRun()).toBe(r);
    });
  });
});

describe('withRun given options', () => {
  test('ends the run with what the function does, and returns what it returns', async () => {
    expect(withRun({ runId: 'sync' }, (r) => r.runId)).toBe('sync');
    expect(await withRun({ runId: 'async' }, async (r) => r.runId)).toBe('async');
    expect(outbox.merged('sync')).toMatchObject({ outcome: 'ok' });
    expect(outbox.merged('async')).toMatchObject({ outcome: 'ok' });
  });

  test('ends it as an error and throws the same error on', async () => {
    const error = new Error('boom');
    expect(() =>
      withRun({ runId: 'throws' }, () => {
        throw error;
      }),
    ).toThrow(error);
    await expect(withRun({ runId: 'rejects' }, () => Promise.reject(error))).rejects.toBe(error);
    expect(outbox.merged('throws')).toMatchObject({ outcome: 'error', status_message: 'boom' });
    expect(outbox.merged('rejects')).toMatchObject({ outcome: 'error', status_message: 'boom' });
  });

  test('leaves an end by hand as it was', async () => {
    await withRun({ runId: 'by-hand' }, async (r) => {
      await r.error('handled');
    });
    expect(outbox.merged('by-hand')).toMatchObject({ outcome: 'error', status_message: 'handled' });
  });

  test('waits for a model call that is still streaming', async () => {
    const step = await withRun({ runId: 'streaming' }, async (r) => r.step());
    expect(outbox.merged('streaming').end_time).toBeUndefined();
    step.prompt('p').response('r').end();
    expect(outbox.merged('streaming')).toMatchObject({ outcome: 'ok' });
  });

  test('a consumer that leaves a generator early cancels the run, after the generator cleaned up', async () => {
    const seen: string[] = [];
    const generator = withRun({ runId: 'left' }, async function* () {
      try {
        yield 1;
        yield 2;
      } finally {
        seen.push('finally');
      }
    });
    for await (const _ of generator) break;
    expect(seen).toEqual(['finally']);
    expect(outbox.merged('left')).toMatchObject({ outcome: 'cancelled', status_code: 0 });
  });
});
