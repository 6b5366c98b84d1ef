import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Collector, startCollector } from '@observatory/collector';
import type { RunDetail, RunList, SessionThread } from '@observatory/collector/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProcess } from './process.js';

const AGENT = fileURLToPath(new URL('./seed-agent.mjs', import.meta.url));

let collector: Collector;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'observatory-seed-'));
  collector = await startCollector({ port: 0, dataDir });
});
afterAll(async () => {
  await collector.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function play(scenario: string): Promise<string> {
  const ended = await runProcess([AGENT, scenario], {
    TCC_BASE_URL: collector.url,
    TCC_API_KEY: 'dev_test_key_123',
  }).ended;
  expect(ended.output).not.toMatch(/failed|error/i);
  expect(ended.code).toBe(0);
  return ended.output;
}

async function get<Body>(path: string): Promise<Body> {
  const response = await fetch(collector.url + path);
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

const detail = (id: string) => get<RunDetail>(`/api/runs/${id}`);

describe('the real @contextcompany/custom 1.0.2, run as a process against the collector', () => {
  it('shows a run', async () => {
    await play('minimal');
    expect((await detail('minimal')).run).toMatchObject({
      start_time: '2025-01-01T00:00:00.000Z',
      user_prompt: 'hi',
      response: 'yo',
      outcome: 'ok',
      status_code: 0,
    });
  });

  it('shows a conversation with steps, tool calls, tokens, cost and metadata', async () => {
    await play('full');
    const { run, steps, tool_calls } = await detail('full');
    expect(run).toMatchObject({
      session_id: 'chat',
      conversational: true,
      system_prompt: 'Be nice',
      metadata: { agent: 'weather', tenant: 'acme' },
      prompt_tokens: 150,
      cached_tokens: 30,
      completion_tokens: 45,
      cost_usd: 0.0042,
      cost_source: 'client',
      error_count: 1,
      outcome: 'ok',
    });
    expect(steps).toMatchObject([
      {
        step_id: 'plan',
        messages: [{ role: 'user', content: 'Weather in SF?' }],
        model_requested: 'gpt-4o',
        model_used: 'gpt-4o-2024-08-06',
        finish_reason: 'tool_calls',
        tool_definitions: [{ name: 'get_weather' }],
      },
    ]);
    expect(
      tool_calls.map(({ tool_name, args, result, outcome }) => ({ tool_name, args, result, outcome })),
    ).toEqual(
      expect.arrayContaining([
        { tool_name: 'get_weather', args: '{"city":"SF"}', result: '[{"temp":72}]', outcome: 'ok' },
        { tool_name: 'search', args: 'plain string', result: undefined, outcome: 'error' },
      ]),
    );
    const thread = await get<SessionThread>('/api/sessions/chat');
    expect(thread.session).toMatchObject({
      conversational: true,
      run_count: 1,
      first_prompt: 'Weather in SF?',
    });
  });

  it('shows a run that failed, with the children it had left open', async () => {
    await play('error');
    const { run, steps, tool_calls } = await detail('failed');
    expect(run).toMatchObject({
      outcome: 'error',
      status_message: 'LLM provider returned 500',
      error_count: 2,
    });
    expect(steps).toMatchObject([
      { outcome: 'error', prompt: 'partial', response: '', status_message: 'Parent run errored' },
    ]);
    expect(tool_calls).toMatchObject([{ tool_name: 'unknown', outcome: 'error' }]);
  });

  it('shows a run that nobody ended as timed out', async () => {
    await play('autoFlush');
    expect((await detail('forgotten')).run).toMatchObject({
      outcome: 'timed_out',
      status_code: 2,
      user_prompt: 'never ended',
    });
    expect((await get<RunList>('/api/runs?outcome=timed_out')).runs.map((run) => run.run_id)).toEqual([
      'forgotten',
    ]);
  });

  it('shows what the factories send, also late, with unreadable times, NaN tokens, or without a run', async () => {
    await play('factories');
    const { run, steps, tool_calls } = await detail('factory');
    expect(run).toMatchObject({
      user_prompt: 'q',
      response: 'a',
      metadata: { k: 'v' },
      duration_ms: 1000,
      prompt_tokens: 1,
    });
    expect(run).not.toHaveProperty('completion_tokens');
    expect(steps.map((step) => step.step_id).sort()).toEqual(['st1', 'st2']);
    expect(steps.find((step) => step.step_id === 'st2')?.metadata).toEqual({
      'observatory.invalid_end_time': 'junk',
    });
    expect(tool_calls.map((call) => call.tool_name).sort()).toEqual(['late', 'n']);
    const { hits } = await get<{ hits: { run_id: string }[] }>('/api/search?q=nobody+knows');
    expect(hits).toHaveLength(1);
  });

  it('shows a batch as independent runs of one session', async () => {
    await play('batch');
    const { session, runs } = await get<SessionThread>('/api/sessions/batch-42?limit=200');
    expect(session).toMatchObject({ conversational: false, run_count: 25, error_count: 0 });
    expect(runs).toHaveLength(25);
    expect((await get<RunList>('/api/runs?metadata.item=7')).runs.map((run) => run.prompt_preview)).toEqual([
      'item 7',
    ]);
  });

  it('shows feedback on the run', async () => {
    expect(await play('feedback')).toBe('200,200,200\n');
    const { run, feedback } = await detail('run_abc123');
    expect(feedback.map(({ score, text }) => [score, text])).toEqual([
      ['thumbs_up', 'great'],
      ['thumbs_down', undefined],
      [undefined, 'only text'],
    ]);
    expect(run.feedback_score).toBe('thumbs_down');
  });

  it('works by configure({ url }) too', async () => {
    await play('configured');
    expect((await detail('configured')).run.response).toBe('fine');
  });
});
