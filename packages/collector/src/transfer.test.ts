import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Overview, RunDetail, RunList, SessionList } from './api.js';
import { type CollectorFixture, collectorFixture, temporaryFolder } from './collector.test.fixture.js';
import { exportLines, importLines } from './transfer.js';

const at = (second: number) => `2026-03-01T10:00:0${second}.000Z`;

/** All that a reader can see. */
async function everything(collector: CollectorFixture) {
  const { runs } = await collector.get<RunList>('/api/runs?include_nested=true&limit=200');
  return {
    runs,
    details: await Promise.all(
      runs.map((run) => collector.get<RunDetail>(`/api/runs/${encodeURIComponent(run.run_id)}`)),
    ),
    sessions: await collector.get<SessionList>('/api/sessions'),
    overview: await collector.get<Overview>('/api/overview'),
    search: await collector
      .get<unknown>('/api/search?q=needle')
      .then((found) => (found as { hits: unknown[] }).hits.length),
  };
}

describe('an export', () => {
  it('read by another collector shows the same there', async () => {
    const first = await collectorFixture();
    const messages = [{ role: 'user', content: `needle ${'x'.repeat(700)}` }];
    await first.send(
      {
        type: 'run',
        run_id: 'a',
        session_id: 's/1',
        conversational: true,
        start_time: at(1),
        seq: 1,
        prompt: { user_prompt: 'hi', system_prompt: 'y'.repeat(600) },
        tags: ['t'],
        metadata: { k: 'v', nested: { deep: [1] } },
      },
      { type: 'run', run_id: 'a', end_time: at(5), outcome: 'cancelled', response: 'z'.repeat(5000), seq: 7 },
      {
        type: 'run',
        run_id: 'nested',
        parent_run_id: 'a',
        parent_tool_call_id: 'tc',
        start_time: at(2),
        end_time: at(3),
        outcome: 'error',
        status_message: 'no',
        seq: 1,
      },
      { type: 'content', hash: 'h1', body: { role: 'user', content: 'needle by hash' } },
      { type: 'content', hash: 'h2', body: { name: 'tool' } },
      {
        type: 'step',
        run_id: 'a',
        step_id: 's1',
        start_time: at(1),
        end_time: at(2),
        outcome: 'ok',
        messages: ['h1', 'never-sent'],
        tool_definitions: ['h2'],
        model_used: 'gpt-4o',
        prompt_uncached_tokens: 10,
        real_total_cost: 0.25,
        parameters: { temperature: 0 },
        seq: 3,
      },
      {
        type: 'step',
        run_id: 'a',
        step_id: 's2',
        start_time: at(2),
        end_time: at(3),
        outcome: 'timed_out',
        prompt: JSON.stringify(messages),
        tool_definitions: `[${'"x",'.repeat(300)}1]`,
        seq: 1,
      },
      {
        type: 'tool_call',
        run_id: 'a',
        tool_call_id: 'tc',
        step_id: 's1',
        tool_name: 'search',
        start_time: at(2),
        end_time: at(3),
        outcome: 'ok',
        args: '{}',
        result: 'r'.repeat(600),
        seq: 1,
      },
      { type: 'feedback', run_id: 'a', score: 'thumbs_up', text: 'good', time: at(6) },
      { type: 'loss', loss_id: 'l', time: at(1), reason: 'memory_full', items: 3, runs: 1 },
    );
    const seen = await everything(first);
    expect(seen.search).toBe(2);
    await first.close();

    const lines: string[] = [];
    for await (const line of exportLines({ dataDir: first.dataDir, url: 'http://127.0.0.1:1' }))
      lines.push(line);
    const dataDir = await temporaryFolder();
    const target = { dataDir, url: 'http://127.0.0.1:1' };
    const report = await importLines(Readable.from(lines.map((line) => `${line}\n`)), target);
    expect(report).toEqual({ accepted: lines.length, duplicate: 0, rejected: [] });
    const again = await importLines(Readable.from(lines.map((line) => `${line}\n`)), target);
    expect(again).toEqual({ accepted: 0, duplicate: lines.length, rejected: [] });
    expect(await everything(await collectorFixture({ dataDir }))).toEqual(seen);
  });

  it('says where it looked when the folder is in use and no collector answers', async () => {
    const collector = await collectorFixture();
    const lines = exportLines({ dataDir: collector.dataDir, url: 'http://127.0.0.1:1' });
    await expect(lines.next()).rejects.toThrow(
      /is in use, and no collector answers at http:\/\/127\.0\.0\.1:1: give its address with --url/,
    );
  });
});
