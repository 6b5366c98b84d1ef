import { describe, expect, it } from 'vitest';
import type { Overview, RunDetail, RunList, SessionList, SessionThread } from './api.js';
import { startCollector } from './collector.js';
import { collectorFixture, temporaryFolder } from './collector.test.fixture.js';

const run = (id: string, more: Record<string, unknown> = {}) => ({
  type: 'run',
  run_id: id,
  start_time: '2026-03-01T10:00:00.000Z',
  end_time: '2026-03-01T10:00:02.500Z',
  prompt: { user_prompt: `ask ${id}` },
  response: `answer ${id}`,
  status_code: 0,
  outcome: 'ok',
  seq: 1,
  ...more,
});

describe('a collector', () => {
  it('shows a run it acknowledged in its lists, its session and by itself', async () => {
    const collector = await collectorFixture();
    const receipt = await collector.send(
      run('r1', { session_id: 'chat/1', conversational: true, user_id: 'u1', name: 'support' }),
      {
        type: 'step',
        run_id: 'r1',
        step_id: 's1',
        start_time: '2026-03-01T10:00:00.100Z',
        end_time: '2026-03-01T10:00:01.000Z',
        prompt: 'p',
        response: 'r',
        model_used: 'gpt-4o',
        prompt_uncached_tokens: 100,
        prompt_cached_tokens: 20,
        completion_tokens: 30,
        time_to_first_token_ms: 200,
        outcome: 'ok',
        seq: 1,
      },
    );
    expect(receipt).toEqual({ accepted: 2, duplicate: 0, rejected: [] });

    const { runs } = await collector.get<RunList>('/api/runs');
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({
      run_id: 'r1',
      running: false,
      duration_ms: 2500,
      prompt_tokens: 120,
      completion_tokens: 30,
      cost_source: 'price_list',
      models: ['gpt-4o'],
      time_to_first_token_ms: 300,
      prompt_preview: 'ask r1',
    });

    const { sessions } = await collector.get<SessionList>('/api/sessions');
    expect(sessions[0]).toMatchObject({
      session_id: 'chat/1',
      run_count: 1,
      conversational: true,
      user_id: 'u1',
    });
    const thread = await collector.get<SessionThread>(`/api/sessions/${encodeURIComponent('chat/1')}`);
    expect(thread.runs[0]).toMatchObject({ run_id: 'r1', user_prompt: 'ask r1', response: 'answer r1' });

    const detail = await collector.get<RunDetail>('/api/runs/r1');
    expect(detail.steps[0]).toMatchObject({
      step_id: 's1',
      prompt: 'p',
      response: 'r',
      cost_source: 'price_list',
    });
    expect(await collector.get<Overview>('/api/overview')).toMatchObject({ run_count: 1, session_count: 1 });
  });

  it('keeps what it stored over a restart', async () => {
    const dataDir = await temporaryFolder();
    const first = await collectorFixture({ dataDir });
    await first.send(run('r1'));
    await first.close();
    const second = await collectorFixture({ dataDir });
    expect((await second.get<RunList>('/api/runs')).runs.map((row) => row.run_id)).toEqual(['r1']);
  });

  it('says which folder is taken when a second one starts on the same data', async () => {
    const collector = await collectorFixture();
    await expect(startCollector({ port: 0, dataDir: collector.dataDir })).rejects.toThrow(
      /Another Observatory collector is using the data folder .*OBSERVATORY_DATA/,
    );
  });

  it('says how to choose another port when its own is in use', async () => {
    const collector = await collectorFixture();
    await expect(startCollector({ port: collector.port, dataDir: await temporaryFolder() })).rejects.toThrow(
      new RegExp(`Port ${collector.port} .*is in use.*OBSERVATORY_PORT`),
    );
  });
});
