import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IngestReceipt } from '@observatory/core/wire';
import { describe, expect, it } from 'vitest';
import type { RunDetail, RunList, SessionThread } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';

const seedRun = (id: string, more: Record<string, unknown> = {}) => ({
  type: 'run',
  run_id: id,
  start_time: '2025-01-01T00:00:00.000Z',
  end_time: '2025-01-01T00:00:01.000Z',
  status_code: 0,
  ...more,
});

async function custom(collector: CollectorFixture, body: unknown): Promise<IngestReceipt> {
  const response = await collector.post('/v1/custom', body, { authorization: 'Bearer dev_key' });
  expect(response.status).toBe(200);
  return (await response.json()) as IngestReceipt;
}

const detailOf = (collector: CollectorFixture, id: string) =>
  collector.get<RunDetail>(`/api/runs/${encodeURIComponent(id)}`);

describe("the seed product's clients", () => {
  it('send a run with its children in one batch, and all of it reads back', async () => {
    const collector = await collectorFixture();
    const messages = [
      { role: 'system', content: 'Be nice' },
      { role: 'user', content: 'Weather in SF?' },
    ];
    const receipt = await custom(collector, {
      type: 'batch',
      items: [
        seedRun('r1', {
          prompt: { user_prompt: 'Weather in SF?', system_prompt: 'Be nice' },
          response: '72F',
          session_id: 's1',
          conversational: true,
          metadata: { agent: 'weather', 'tcc.userId': 'u7' },
        }),
        {
          type: 'step',
          run_id: 'r1',
          step_id: 'step-1',
          start_time: '2025-01-01T00:00:00.100Z',
          end_time: '2025-01-01T00:00:00.500Z',
          prompt: JSON.stringify(messages),
          response: 'call tool',
          status_code: 0,
          model_requested: 'gpt-4o',
          model_used: 'gpt-4o-2024-08-06',
          prompt_uncached_tokens: 120,
          prompt_cached_tokens: 30,
          completion_tokens: 45,
          real_total_cost: 0.0042,
          tool_definitions: '[{"name":"get_weather"}]',
        },
        {
          type: 'tool_call',
          run_id: 'r1',
          tool_call_id: 'tc-2',
          tool_name: 'search',
          start_time: '2025-01-01T00:00:00.900Z',
          end_time: '2025-01-01T00:00:00.950Z',
          status_code: 2,
          status_message: 'boom',
          args: 'plain string',
        },
      ],
    });
    expect(receipt).toEqual({ accepted: 3, duplicate: 0, rejected: [] });
    const detail = await detailOf(collector, 'r1');
    expect(detail.run).toMatchObject({
      user_prompt: 'Weather in SF?',
      system_prompt: 'Be nice',
      outcome: 'ok',
      user_id: 'u7',
      cost_usd: 0.0042,
      cost_source: 'client',
      prompt_tokens: 150,
      error_count: 1,
    });
    expect(detail.steps[0]).toMatchObject({
      messages,
      prompt: JSON.stringify(messages),
      tool_definitions: [{ name: 'get_weather' }],
    });
    expect(detail.tool_calls[0]).toMatchObject({
      tool_name: 'search',
      args: 'plain string',
      outcome: 'error',
      status_message: 'boom',
    });
  });

  it('say neither outcome nor that a run timed out: both are derived', async () => {
    const collector = await collectorFixture();
    await custom(collector, seedRun('failed', { status_code: 2, status_message: 'no prompt was set' }));
    await custom(
      collector,
      seedRun('late', { status_code: 2, status_message: 'Run timed out — auto-flushed' }),
    );
    expect((await detailOf(collector, 'failed')).run).toMatchObject({
      outcome: 'error',
      status_code: 2,
      running: false,
    });
    expect((await detailOf(collector, 'late')).run).toMatchObject({ outcome: 'timed_out', status_code: 2 });
    expect((await collector.get<RunList>('/api/runs?status=error')).runs).toHaveLength(2);
  });

  it.each([
    ['no prompt', {}, {}],
    ['an empty prompt', { prompt: {} }, {}],
    ['a prompt that is a text', { prompt: 'hello' }, { user_prompt: 'hello' }],
    [
      'metadata that are numbers',
      { metadata: { attempt: 3, ok: true } },
      { metadata: { attempt: 3, ok: true } },
    ],
    ['conversational as a text', { conversational: 'true', session_id: 's' }, { conversational: true }],
    ['an end before the start', { end_time: '2024-12-31T23:59:59.000Z' }, { duration_ms: 0, outcome: 'ok' }],
    ['a status nobody knows', { status_code: 7 }, { status_code: 2, outcome: 'error' }],
    ['a response that is an object', { response: { text: 'x' } }, { response: '{"text":"x"}' }],
    ['a number as session', { session_id: 42 }, { session_id: '42' }],
    [
      'null everywhere',
      { prompt: null, response: null, session_id: null, metadata: null, conversational: null },
      {},
    ],
  ])('are taken with %s', async (_, more, expected) => {
    const collector = await collectorFixture();
    expect(await custom(collector, seedRun('r1', more))).toEqual({ accepted: 1, duplicate: 0, rejected: [] });
    expect((await detailOf(collector, 'r1')).run).toMatchObject(expected);
  });

  it('are taken with times nobody can read: the time of receipt stands in, and what was sent is kept', async () => {
    const collector = await collectorFixture();
    const before = Date.now();
    await custom(
      collector,
      seedRun('r1', { start_time: 'yesterday', end_time: '99999-01-01', metadata: { k: 'v' } }),
    );
    const { run } = await detailOf(collector, 'r1');
    expect(Date.parse(run.start_time)).toBeGreaterThanOrEqual(before - 1);
    expect(run.running).toBe(false);
    expect(run.metadata).toEqual({
      k: 'v',
      'observatory.invalid_start_time': 'yesterday',
      'observatory.invalid_end_time': '99999-01-01',
    });
  });

  it('are taken with null token counts, which are unknown and not 0', async () => {
    const collector = await collectorFixture();
    await custom(collector, {
      type: 'batch',
      items: [
        seedRun('r1'),
        {
          ...seedRun('r1'),
          type: 'step',
          step_id: 's',
          prompt: 'p',
          response: 'r',
          model_used: 'gpt-4o',
          prompt_uncached_tokens: null,
          completion_tokens: null,
          real_total_cost: null,
        },
      ],
    });
    const { run, steps } = await detailOf(collector, 'r1');
    for (const row of [run, steps[0]!]) {
      expect(row).not.toHaveProperty('prompt_tokens');
      expect(row).not.toHaveProperty('completion_tokens');
      expect(row).not.toHaveProperty('cost_usd');
    }
  });

  it('send steps and tool calls alone, before, after or without their run', async () => {
    const collector = await collectorFixture();
    const step = { ...seedRun('r1'), type: 'step', step_id: 's', prompt: 'p', response: 'r' };
    expect((await custom(collector, step)).accepted).toBe(1);
    expect((await detailOf(collector, 'r1')).run).toMatchObject({
      running: true,
      step_count: 1,
      start_time: step.start_time,
    });
    expect((await custom(collector, seedRun('r1', { response: 'done' }))).accepted).toBe(1);
    expect((await detailOf(collector, 'r1')).run).toMatchObject({ running: false, response: 'done' });
    const { run_id: _, ...orphan } = step;
    expect((await custom(collector, orphan)).accepted).toBe(1);
    expect((await custom(collector, orphan)).duplicate).toBe(1);
    expect((await collector.get<RunList>('/api/runs')).runs).toHaveLength(2);
  });

  it('send the same bytes again after an answer was lost, and it counts once', async () => {
    const collector = await collectorFixture();
    const body = JSON.stringify(seedRun('r1', { response: 'x' }));
    expect((await custom(collector, body)).accepted).toBe(1);
    expect(await custom(collector, body)).toEqual({ accepted: 0, duplicate: 1, rejected: [] });
  });

  it('send feedback in camelCase, once or more', async () => {
    const collector = await collectorFixture();
    await custom(collector, seedRun('run_abc123'));
    for (const feedback of [
      { score: 'thumbs_up', text: 'great' },
      { text: 'only text' },
      { score: 'thumbs_down' },
    ]) {
      const response = await collector.post('/v1/feedback', { runId: 'run_abc123', ...feedback });
      expect(response.status).toBe(200);
    }
    const { run, feedback } = await detailOf(collector, 'run_abc123');
    expect(feedback.map(({ time: _, run_id: __, ...rest }) => rest)).toEqual([
      { score: 'thumbs_up', text: 'great' },
      { text: 'only text' },
      { score: 'thumbs_down' },
    ]);
    expect(run.feedback_score).toBe('thumbs_down');
  });

  it('are told what is wrong with feedback that says nothing', async () => {
    const collector = await collectorFixture();
    const response = await collector.post('/v1/feedback', { runId: 'r1' });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/needs a \\"score\\" or a \\"text\\"/);
    expect((await collector.post('/v1/feedback', 'nonsense')).status).toBe(400);
    expect((await collector.post('/v1/feedback', '[]')).status).toBe(400);
  });

  it('send feedback before the run, which is not shown until the run is', async () => {
    const collector = await collectorFixture();
    await collector.post('/v1/feedback', { runId: 'r1', score: 'thumbs_up' });
    expect((await collector.get<RunList>('/api/runs?include_nested=true')).runs).toEqual([]);
    expect((await collector.request('/api/runs/r1')).status).toBe(404);
    await custom(collector, seedRun('r1'));
    expect((await detailOf(collector, 'r1')).run.feedback_score).toBe('thumbs_up');
  });

  it("send LangChain's attributes, which are kept as metadata", async () => {
    const collector = await collectorFixture();
    await custom(collector, {
      type: 'batch',
      items: [
        seedRun('r1', { metadata: { userId: 'u1' }, attributes: { 'langchain.total_spans': 9 } }),
        {
          ...seedRun('r1'),
          type: 'step',
          step_id: 's',
          prompt: 'p',
          response: 'r',
          ttft_ms: 12,
          attributes: { 'llm.name': 'Fake' },
        },
      ],
    });
    const { run, steps } = await detailOf(collector, 'r1');
    expect(run.metadata).toEqual({ userId: 'u1', attributes: { 'langchain.total_spans': 9 } });
    expect(steps[0]).toMatchObject({
      time_to_first_token_ms: 12,
      metadata: { attributes: { 'llm.name': 'Fake' } },
    });
  });
});

describe('requests captured from real clients', () => {
  it('are all accepted and read back', async (context) => {
    const folder = process.env.OBSERVATORY_WIRE_CAPTURES ?? '';
    if (!existsSync(folder)) context.skip('OBSERVATORY_WIRE_CAPTURES names no folder of captured requests');
    const collector = await collectorFixture();
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const captured = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
      const body = 'body' in captured ? captured.body : captured;
      const path =
        (captured.path as string | undefined) ?? (file.includes('v1-traces') ? '/v1/traces' : '/v1/custom');
      const response = await collector.post(path, body);
      expect(response.status, file).toBe(200);
      const receipt = (await response.json()) as IngestReceipt;
      expect(receipt.rejected, file).toEqual([]);
      const again = (await (await collector.post(path, body)).json()) as IngestReceipt;
      expect(again, `${file} again`).toMatchObject({ accepted: 0, rejected: [] });
      for (const item of itemsOf(body)) {
        const detail = await detailOf(collector, (item.run_id ?? item.runId) as string);
        if (item.type === 'run') {
          const prompt = item.prompt as Record<string, unknown> | undefined;
          expect(detail.run.user_prompt, file).toBe(prompt?.user_prompt);
          expect(detail.run.response, file).toBe(item.response);
          if (!file.startsWith('custom-1.0.2-02'))
            expect(detail.run.status_message, file).toBe(item.status_message);
        } else if (item.type === 'step') {
          const step = detail.steps.find((one) => one.step_id === item.step_id);
          expect(step, file).toMatchObject({ prompt: item.prompt, response: item.response });
          expect(step?.prompt_uncached_tokens, file).toBe(item.prompt_uncached_tokens);
        } else if (item.type === 'tool_call') {
          const call = detail.tool_calls.find((one) => one.tool_call_id === item.tool_call_id);
          expect(call?.args, file).toBe(item.args);
          expect(call?.result, file).toBe(item.result);
        }
      }
    }
    const { runs } = await collector.get<RunList>('/api/runs');
    expect(runs.length).toBeGreaterThanOrEqual(7);
    const thread = await collector.get<SessionThread>('/api/sessions/sess-1');
    expect(thread.session.conversational).toBe(true);
  });
});

function itemsOf(body: unknown): Record<string, unknown>[] {
  const { type, items } = body as { type?: string; items?: Record<string, unknown>[] };
  if (type === 'batch') return items ?? [];
  return type === undefined ? [] : [body as Record<string, unknown>];
}
