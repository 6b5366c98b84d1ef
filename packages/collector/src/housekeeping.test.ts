import { describe, expect, it } from 'vitest';
import type { Overview, RunDetail, RunList, SessionList } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';

const run = (id: string, more: Record<string, unknown> = {}) => ({
  type: 'run',
  run_id: id,
  start_time: new Date().toISOString(),
  seq: 1,
  ...more,
});

async function until<Value>(read: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const detail = (collector: CollectorFixture, id: string) => collector.get<RunDetail>(`/api/runs/${id}`);

describe('an open run of which nothing is heard', () => {
  it('is closed as abandoned when its last item came, and a real end replaces that', async () => {
    const collector = await collectorFixture({ abandonAfterMs: 200 });
    await collector.send(run('r1', { session_id: 's1' }), {
      type: 'step',
      run_id: 'r1',
      step_id: 's',
      start_time: new Date().toISOString(),
      seq: 1,
    });
    const sent = Date.now();
    const abandoned = await until(
      () => detail(collector, 'r1'),
      ({ run }) => !run.running,
    );
    expect(abandoned.run).toMatchObject({ outcome: 'abandoned', status_code: 0 });
    expect(Math.abs(Date.parse(abandoned.run.end_time!) - sent)).toBeLessThan(5000);
    expect(abandoned.steps[0]).toMatchObject({ outcome: 'abandoned', running: false });
    expect((await collector.get<SessionList>('/api/sessions')).sessions[0]?.running_count).toBe(0);
    expect((await collector.get<RunList>('/api/runs?outcome=abandoned')).runs).toHaveLength(1);

    const end_time = new Date().toISOString();
    await collector.send({ type: 'run', run_id: 'r1', seq: 2, end_time, outcome: 'ok', response: 'late' });
    expect((await detail(collector, 'r1')).run).toMatchObject({
      outcome: 'ok',
      end_time,
      response: 'late',
      running: false,
    });
  });

  it('stays open while its client says that it is alive, with items that say nothing else', async () => {
    const collector = await collectorFixture({ abandonAfterMs: 1500 });
    await collector.send(run('alive'), run('silent'));
    let seq = 1;
    await until(
      async () => {
        await collector.send({ type: 'run', run_id: 'alive', seq: ++seq });
        return detail(collector, 'silent');
      },
      (silent) => !silent.run.running,
    );
    expect((await detail(collector, 'alive')).run).toMatchObject({ running: true });
  });

  it('runs again when its client turns out to be alive', async () => {
    const collector = await collectorFixture({ abandonAfterMs: 300 });
    await collector.send(run('r1'));
    await until(
      () => detail(collector, 'r1'),
      ({ run }) => !run.running,
    );
    await collector.send({
      type: 'step',
      run_id: 'r1',
      step_id: 's',
      start_time: new Date().toISOString(),
      seq: 1,
    });
    const { run: again } = await detail(collector, 'r1');
    expect(again.running || again.outcome === 'abandoned').toBe(true);
    expect(again.step_count).toBe(1);
  });

  it('ends, when it was sent long after it happened, where its items end', async () => {
    const collector = await collectorFixture({ abandonAfterMs: 100 });
    await collector.send(run('old', { start_time: '2025-01-01T00:00:00.000Z' }), {
      type: 'step',
      run_id: 'old',
      step_id: 's',
      start_time: '2025-01-01T00:00:01.000Z',
      end_time: '2025-01-01T00:00:02.000Z',
      outcome: 'ok',
      seq: 1,
    });
    const { run: old } = await until(
      () => detail(collector, 'old'),
      (read) => !read.run.running,
    );
    expect(old).toMatchObject({
      outcome: 'abandoned',
      end_time: '2025-01-01T00:00:02.000Z',
      duration_ms: 2000,
    });
  });
});

describe('retention', () => {
  it('removes what is older, with all that hangs on it, and keeps the rest', async () => {
    const first = await collectorFixture();
    await first.send(
      run('old', {
        start_time: '2025-01-01T00:00:00.000Z',
        end_time: '2025-01-01T00:00:01.000Z',
        outcome: 'ok',
        session_id: 's-old',
        response: `needle ${'x'.repeat(600)}`,
      }),
      run('new', { end_time: new Date().toISOString(), outcome: 'ok' }),
    );
    await first.close();
    const second = await collectorFixture({ dataDir: first.dataDir, retentionMs: 24 * 3600 * 1000 });
    const { runs } = await until(
      () => second.get<RunList>('/api/runs'),
      (list) => list.runs.length === 1,
    );
    expect(runs[0]?.run_id).toBe('new');
    expect((await second.get<SessionList>('/api/sessions')).sessions).toEqual([]);
    expect((await second.get<{ hits: unknown[] }>('/api/search?q=needle')).hits).toEqual([]);
    expect(await (await second.request('/metrics')).text()).toContain('observatory_stored{kind="content"} 0');
  });
});

describe('deletion', () => {
  it('of a run takes its steps, its nested runs and the texts nobody else uses', async () => {
    const collector = await collectorFixture();
    const shared = `shared ${'y'.repeat(600)}`;
    const ended = { end_time: new Date().toISOString(), outcome: 'ok' };
    await collector.send(
      run('a', {
        ...ended,
        session_id: 's',
        prompt: { user_prompt: shared },
        response: `alone ${'x'.repeat(600)}`,
      }),
      run('nested', { ...ended, parent_run_id: 'a' }),
      run('b', { ...ended, session_id: 's', prompt: { user_prompt: shared } }),
      { type: 'step', run_id: 'nested', step_id: 's', ...ended, response: 'deep', seq: 1 },
      { type: 'feedback', run_id: 'a', score: 'thumbs_up' },
    );
    const response = await collector.request('/api/runs/a', { method: 'DELETE' });
    expect(await response.json()).toEqual({ deleted: 2 });
    expect((await collector.request('/api/runs/nested')).status).toBe(404);
    expect((await collector.request('/api/runs/a', { method: 'DELETE' })).status).toBe(404);
    expect((await collector.get<{ hits: unknown[] }>('/api/search?q=alone')).hits).toEqual([]);
    expect((await collector.get<{ hits: unknown[] }>('/api/search?q=shared')).hits).toHaveLength(1);
    expect((await collector.get<SessionList>('/api/sessions')).sessions[0]).toMatchObject({ run_count: 1 });
  });

  it('of a session or of a user takes all their runs', async () => {
    const collector = await collectorFixture();
    await collector.send(
      ...Array.from({ length: 450 }, (_, n) => run(`s${n}`, { session_id: 'a/b' })),
      run('u1', { user_id: 'u' }),
      run('u2', { user_id: 'u', session_id: 'c' }),
      run('other', { user_id: 'v' }),
    );
    expect(await (await collector.request('/api/sessions/a%2Fb', { method: 'DELETE' })).json()).toEqual({
      deleted: 450,
    });
    expect(await (await collector.request('/api/users/u', { method: 'DELETE' })).json()).toEqual({
      deleted: 2,
    });
    expect((await collector.get<RunList>('/api/runs')).runs.map((row) => row.run_id)).toEqual(['other']);
    expect((await collector.get<SessionList>('/api/sessions')).sessions).toEqual([]);
  });

  it('does not keep a run from being recorded again', async () => {
    const collector = await collectorFixture();
    const response = `text ${'x'.repeat(600)}`;
    const item = run('a', { response });
    await collector.send(item);
    await collector.request('/api/runs/a', { method: 'DELETE' });
    expect((await collector.send(item)).accepted).toBe(1);
    expect((await detail(collector, 'a')).run.response).toBe(response);
  });
});

describe('what clients lost', () => {
  it('is counted once per report and shown by reason', async () => {
    const collector = await collectorFixture();
    const loss = {
      type: 'loss',
      loss_id: 'l1',
      time: '2026-03-01T10:00:00.000Z',
      reason: 'memory_full',
      items: 5,
      runs: 2,
    };
    await collector.send(loss, loss, { ...loss, loss_id: 'l2', time: '2026-03-01T11:00:00.000Z' });
    expect((await collector.get<Overview>('/api/overview')).losses).toEqual([
      { reason: 'memory_full', items: 10, runs: 4, last_time: '2026-03-01T11:00:00.000Z' },
    ]);
  });
});
