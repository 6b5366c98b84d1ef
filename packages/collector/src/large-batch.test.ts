import type { IngestReceipt } from '@observatory/core/wire';
import { describe, expect, it } from 'vitest';
import type { Overview, RunDetail, RunList } from './api.js';
import { collectorFixture } from './collector.test.fixture.js';

/** A body of many small items, made as text: a million objects would cost the test more than the collector. */
function batchOf(count: number, item: (n: number) => string): Buffer {
  const parts = ['{"type":"batch","items":['];
  for (let n = 0; n < count; n++) parts.push(n === 0 ? '' : ',', item(n));
  parts.push(']}');
  return Buffer.from(parts.join(''));
}

describe('a batch of very many items', () => {
  it('is stored slice by slice, while others are answered', { timeout: 180_000 }, async () => {
    const collector = await collectorFixture();
    const count = 20_000;
    const body = batchOf(
      count,
      (n) => `{"type":"run","run_id":"r${n}","start_time":"2026-03-01T10:00:00Z","response":"x${n}","seq":1}`,
    );
    let done = false;
    const sent = collector.post('/v1/events', body).then(async (response) => {
      done = true;
      return (await response.json()) as IngestReceipt;
    });
    let answered = 0;
    while (!done) {
      expect((await collector.request('/health')).status).toBe(200);
      if (!done) answered++;
    }
    expect(await sent).toEqual({ accepted: count, duplicate: 0, rejected: [] });
    // Twenty thousand items in slices of some hundreds: a request that arrives meanwhile waits for one slice, not for all.
    expect(answered).toBeGreaterThan(10);
    expect((await collector.get<Overview>('/api/overview')).run_count).toBe(count);
  });

  it('of one run is summed as it grows', { timeout: 180_000 }, async () => {
    const collector = await collectorFixture();
    const count = 5000;
    const response = await collector.post(
      '/v1/events',
      batchOf(
        count,
        (n) =>
          `{"type":"step","run_id":"r","step_id":"s${n}","start_time":"2026-03-01T10:00:00Z","completion_tokens":2,"seq":1}`,
      ),
    );
    expect(((await response.json()) as IngestReceipt).accepted).toBe(count);
    const { runs } = await collector.get<RunList>('/api/runs');
    expect(runs[0]).toMatchObject({ step_count: count, completion_tokens: 2 * count });
    expect((await collector.get<RunDetail>('/api/runs/r')).steps).toHaveLength(count);
  });

  it('of a million refused items is refused in bounded memory and words', { timeout: 180_000 }, async () => {
    const collector = await collectorFixture();
    const body = batchOf(1_000_000, () => '{"a":1}');
    let done = false;
    const sent = collector.post('/v1/events', body).finally(() => {
      done = true;
    });
    let answered = 0;
    while (!done) {
      expect((await collector.request('/health')).status).toBe(200);
      answered++;
    }
    const text = await (await sent).text();
    expect(text.length).toBeLessThan(200_000);
    expect((JSON.parse(text) as IngestReceipt).rejected.at(-1)?.reason).toMatch(
      /999000 more items were refused/,
    );
    expect(answered).toBeGreaterThan(10);
  });

  it('is refused when it holds more than is taken at once, naming the limit', async () => {
    const collector = await collectorFixture({ limits: { maxItems: 10 } });
    const response = await collector.post(
      '/v1/events',
      batchOf(11, () => '{}'),
    );
    expect(response.status).toBe(413);
    expect(await response.text()).toContain('at most 10 are taken at once');
  });
});
