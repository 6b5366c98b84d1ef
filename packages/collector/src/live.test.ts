import { describe, expect, it } from 'vitest';
import type { LiveEvent } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';

const run = (id: string, more: Record<string, unknown> = {}) => ({
  type: 'run',
  run_id: id,
  start_time: '2026-03-01T10:00:00.000Z',
  seq: 1,
  ...more,
});

interface Message {
  id: string;
  event: string;
  data: LiveEvent;
}

/** Reads a live stream like a browser does. */
async function listen(collector: CollectorFixture, lastId?: string) {
  const abort = new AbortController();
  const response = await collector.request('/api/live', {
    signal: abort.signal,
    headers: lastId === undefined ? {} : { 'last-event-id': lastId },
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  const finished = (async () => {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field('data');
        if (data === undefined) continue;
        messages.push({ id: field('id')!, event: field('event')!, data: JSON.parse(data) as LiveEvent });
        for (const look of waiting) look();
      }
    }
  })().catch(() => {});
  return {
    messages,
    finished,
    until: (count: number) =>
      new Promise<Message[]>((resolve) => {
        const look = () => {
          if (messages.length < count) return;
          waiting.delete(look);
          resolve(messages);
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      abort.abort();
      await finished;
    },
  };
}

describe('the live stream', () => {
  it('sends each run that is new or changed, with its session, and what was deleted', async () => {
    const collector = await collectorFixture();
    const live = await listen(collector);
    await collector.send(run('r1', { session_id: 's1' }));
    const [first] = await live.until(1);
    expect(first).toMatchObject({
      event: 'run',
      data: {
        type: 'run',
        run: { run_id: 'r1', running: true },
        session: { session_id: 's1', running_count: 1 },
      },
    });
    await collector.send(run('r1', { seq: 2, end_time: '2026-03-01T10:00:01.000Z', outcome: 'ok' }));
    expect((await live.until(2))[1]?.data).toMatchObject({
      run: { running: false },
      session: { running_count: 0 },
    });
    await collector.request('/api/runs/r1', { method: 'DELETE' });
    expect((await live.until(3))[2]).toMatchObject({
      event: 'deleted',
      data: { type: 'deleted', run_ids: ['r1'] },
    });
    await live.stop();
  });

  it('sends a run once for many changes at a time', async () => {
    const collector = await collectorFixture();
    const live = await listen(collector);
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        collector.send({
          type: 'step',
          run_id: 'r1',
          step_id: `s${n}`,
          start_time: '2026-03-01T10:00:00.000Z',
          seq: 1,
        }),
      ),
    );
    await collector.send(run('last'));
    while (!live.messages.some(({ data }) => data.type === 'run' && data.run.run_id === 'last')) {
      await live.until(live.messages.length + 1);
    }
    expect(live.messages.length).toBeLessThan(30);
    const latest = live.messages.findLast(({ data }) => data.type === 'run' && data.run.run_id === 'r1');
    expect(latest?.data).toMatchObject({ run: { step_count: 40 } });
    await live.stop();
  });

  it('resumes after the last event a reader got', async () => {
    const collector = await collectorFixture();
    const first = await listen(collector);
    await collector.send(run('r1'));
    const [seen] = await first.until(1);
    await first.stop();
    await collector.send(run('r2'));
    await collector.send(run('r3'));
    const second = await listen(collector, seen!.id);
    const resumed = await second.until(1);
    const ids = () => second.messages.flatMap(({ data }) => (data.type === 'run' ? [data.run.run_id] : []));
    while (!ids().includes('r3')) await second.until(second.messages.length + 1);
    expect(ids()).toEqual(['r2', 'r3']);
    expect(resumed[0]?.id).not.toBe(seen!.id);
    await second.stop();
  });

  it.each(['nonsense', 'abcdef-5', '-', '0-99999999'])(
    'tells a reader to read again when it cannot resume from %s',
    async (id) => {
      const collector = await collectorFixture();
      const live = await listen(collector, id);
      expect((await live.until(1))[0]).toMatchObject({ event: 'reset', data: { type: 'reset' } });
      await live.stop();
    },
  );

  it('tells readers to read again when more changed than is worth reading one by one', async () => {
    const collector = await collectorFixture();
    const live = await listen(collector);
    await collector.send(...Array.from({ length: 3000 }, (_, n) => run(`r${n}`)));
    while (!live.messages.some(({ event }) => event === 'reset')) await live.until(live.messages.length + 1);
    expect(live.messages.length).toBeLessThan(3000);
    await live.stop();
  });

  it('ends when the collector closes', async () => {
    const collector = await collectorFixture();
    const live = await listen(collector);
    await collector.close();
    await live.finished;
  });
});
