import { describe, expect, it } from 'vitest';
import type { Facets, RunDetail, RunList, SessionList, SessionThread } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';

const at = (second: number) => `2026-03-01T10:00:${String(second).padStart(2, '0')}.000Z`;
const run = (id: string, second: number, more: Record<string, unknown> = {}) => ({
  type: 'run',
  run_id: id,
  start_time: at(second),
  end_time: at(second + 1),
  outcome: 'ok',
  seq: 1,
  ...more,
});

const ids = async (collector: CollectorFixture, query: string) =>
  (await collector.get<RunList>(`/api/runs?${query}`)).runs.map((row) => row.run_id).join('');

async function filled(): Promise<CollectorFixture> {
  const collector = await collectorFixture();
  await collector.send(
    run('a', 1, {
      user_id: 'u1',
      name: 'support',
      tags: ['x', 'y'],
      metadata: { tenant: 'acme', tier: 3 },
      environment: 'prod',
    }),
    run('b', 2, {
      user_id: 'u2',
      name: 'support',
      outcome: 'error',
      status_message: 'no',
      release: 'v2',
      session_id: 's/1 ü',
    }),
    run('c', 3, { tags: ['y'], outcome: 'cancelled', end_time: at(13) }),
    { ...run('d', 4), end_time: undefined, outcome: undefined },
    run('n', 5, { parent_run_id: 'a', parent_tool_call_id: 't', session_id: 's/1 ü' }),
    {
      type: 'step',
      run_id: 'a',
      step_id: 's',
      start_time: at(1),
      end_time: at(2),
      model_used: 'gpt-4o',
      real_total_cost: 0.5,
      prompt_uncached_tokens: 10,
      outcome: 'ok',
      seq: 1,
    },
    {
      type: 'step',
      run_id: 'n',
      step_id: 's',
      start_time: at(5),
      end_time: at(6),
      model_used: 'gpt-5',
      real_total_cost: 0.25,
      prompt_uncached_tokens: 5,
      outcome: 'ok',
      seq: 1,
    },
    {
      type: 'tool_call',
      run_id: 'c',
      tool_call_id: 't',
      tool_name: 'search',
      start_time: at(3),
      end_time: at(4),
      outcome: 'ok',
      seq: 1,
    },
  );
  return collector;
}

describe('the list of runs', () => {
  it.each([
    ['', 'dcba'],
    ['include_nested=true', 'ndcba'],
    ['parent_run_id=a', 'n'],
    ['user_id=u1', 'a'],
    ['user_id=u1&user_id=u2', 'ba'],
    ['name=support', 'ba'],
    ['name=support&user_id=u2', 'b'],
    ['status=error', 'b'],
    ['status=ok', 'ca'],
    ['status=running', 'd'],
    ['status=running&status=error', 'db'],
    ['outcome=cancelled&outcome=error', 'cb'],
    ['model=gpt-4o', 'a'],
    ['model=gpt-5&include_nested=true', 'n'],
    ['tool=search', 'c'],
    ['tag=y', 'ca'],
    ['tag=x&tag=nothing', 'a'],
    ['environment=prod', 'a'],
    ['release=v2', 'b'],
    ['metadata.tenant=acme', 'a'],
    ['metadata.tier=3', 'a'],
    ['metadata.tier=4', ''],
    ['min_cost=0.4', 'a'],
    ['min_duration_ms=5000', 'c'],
    [`from=${at(2)}&to=${at(3)}`, 'cb'],
    ['q=no', 'b'],
    [`session_id=${encodeURIComponent('s/1 ü')}`, 'b'],
    ["name=' OR 1=1 --", ''],
    ["metadata.x' OR '1=1", ''],
  ])('is filtered by ?%s', async (query, expected) => {
    expect(await ids(await filled(), query)).toBe(expected);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=x', 'limit'],
    ['status=great', 'status'],
    ['outcome=great', 'outcome'],
    ['min_cost=cheap', 'min_cost'],
    ['min_duration_ms=', 'min_duration_ms'],
    ['from=yesterday', 'from'],
    ['cursor=%7B%7D', 'cursor'],
    ['include_nested=maybe', 'include_nested'],
    ['colour=blue', 'colour'],
    ['metadata.=x', 'metadata.'],
  ])('answers 400 to ?%s and names the parameter', async (query, field) => {
    const collector = await collectorFixture();
    const response = await collector.request(`/api/runs?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 'bad_parameter', field, message: expect.stringContaining(field) },
    });
  });

  it('is read page by page without a gap or a double, also when runs start together and new ones arrive', async () => {
    const collector = await collectorFixture();
    await collector.send(
      ...Array.from({ length: 25 }, (_, n) => run(`r${String(n).padStart(2, '0')}`, Math.floor(n / 10))),
    );
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const page = await collector.get<RunList>(`/api/runs?limit=7${cursor}`);
      seen.push(...page.runs.map((row) => row.run_id));
      await collector.send(run(`new${seen.length}`, 50));
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `r${String(24 - n).padStart(2, '0')}`));
  });

  it('carries previews and never bodies', async () => {
    const collector = await collectorFixture();
    const emoji = '🙂'.repeat(5000);
    const status_message = 'e'.repeat(50_000);
    const tags = Array.from({ length: 500 }, (_, n) => `tag ${n} ${'t'.repeat(500)}`);
    await collector.send(
      run('a', 1, {
        prompt: { user_prompt: emoji },
        response: 'x'.repeat(50_000),
        status_message,
        tags,
        name: 'n'.repeat(5000),
      }),
    );
    const { runs } = await collector.get<RunList>('/api/runs');
    expect(runs[0]?.prompt_preview).toBe('🙂'.repeat(100));
    expect(runs[0]?.response_preview).toHaveLength(200);
    expect(runs[0]?.status_message).toHaveLength(200);
    expect(JSON.stringify(runs).length).toBeLessThan(15_000);
    expect((await collector.get<RunDetail>('/api/runs/a')).run).toMatchObject({ status_message, tags });
  });
});

describe('a session', () => {
  it('counts its own runs, and what its nested runs cost once', async () => {
    const collector = await filled();
    const id = encodeURIComponent('s/1 ü');
    const thread = await collector.get<SessionThread>(`/api/sessions/${id}`);
    expect(thread.session).toMatchObject({
      session_id: 's/1 ü',
      run_count: 1,
      error_count: 1,
      cost_usd: 0.25,
      prompt_tokens: 5,
    });
    expect(thread.runs.map((row) => row.run_id)).toEqual(['b']);
  });

  it('is read oldest first, page by page', async () => {
    const collector = await collectorFixture();
    await collector.send(...[3, 1, 2, 5, 4].map((second) => run(`r${second}`, second, { session_id: 's' })));
    const first = await collector.get<SessionThread>('/api/sessions/s?limit=3');
    const second = await collector.get<SessionThread>(`/api/sessions/s?limit=3&cursor=${first.next_cursor}`);
    expect([...first.runs, ...second.runs].map((row) => row.run_id)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
    expect(second.next_cursor).toBeUndefined();
  });

  it('follows a run that moves to another session', async () => {
    const collector = await collectorFixture();
    await collector.send(run('a', 1, { session_id: 'old' }));
    await collector.send(run('a', 1, { session_id: 'new', seq: 2 }));
    const { sessions } = await collector.get<SessionList>('/api/sessions');
    expect(sessions.map((session) => session.session_id)).toEqual(['new']);
  });
});

describe('a run', () => {
  it('holds its nested runs whole, and sums the tree', async () => {
    const collector = await filled();
    const detail = await collector.get<RunDetail>('/api/runs/a');
    expect(detail.run).toMatchObject({ cost_usd: 0.5, prompt_tokens: 10 });
    expect(detail.runs[0]?.steps).toMatchObject([{ model_used: 'gpt-5' }]);
    expect(detail.subtree).toEqual({ run_count: 2, cost_usd: 0.75, prompt_tokens: 15 });
  });

  it('that nests in a ring, or in itself, is still answered', async () => {
    const collector = await collectorFixture();
    await collector.send(
      run('x', 1, { parent_run_id: 'y' }),
      run('y', 1, { parent_run_id: 'x' }),
      run('z', 1, { parent_run_id: 'z' }),
    );
    expect((await collector.get<RunDetail>('/api/runs/x')).subtree.run_count).toBe(2);
    expect(await ids(collector, '')).toBe('z');
  });

  it('shows what its steps refer to as missing until it arrives', async () => {
    const collector = await collectorFixture();
    await collector.send({
      type: 'step',
      run_id: 'a',
      step_id: 's',
      start_time: at(1),
      messages: ['h1', 'h2'],
      output: ['h3'],
      tool_definitions: ['h4'],
      seq: 1,
    });
    const missing = { role: 'unknown', content: '[content not received]', not_received: true };
    const before = (await collector.get<RunDetail>('/api/runs/a')).steps[0];
    expect(before).toMatchObject({
      messages: [missing, missing],
      output: [missing],
      message_hashes: ['h1', 'h2'],
    });
    await collector.send(
      { type: 'content', hash: 'h1', body: { role: 'user', content: 'hello' } },
      { type: 'content', hash: 'h3', body: 'just text' },
      { type: 'content', hash: 'h4', body: { name: 'tool' } },
    );
    const after = (await collector.get<RunDetail>('/api/runs/a')).steps[0];
    expect(after).toMatchObject({
      messages: [{ role: 'user', content: 'hello' }, missing],
      output: [{ role: 'unknown', content: 'just text' }],
      tool_definitions: [{ name: 'tool' }],
    });
    const receipt = await collector.send({
      type: 'content',
      hash: 'h1',
      body: { role: 'user', content: 'other' },
    });
    expect(receipt).toEqual({ accepted: 0, duplicate: 1, rejected: [] });
    expect((await collector.get<RunDetail>('/api/runs/a')).steps[0]?.messages?.[0]?.content).toBe('hello');
  });

  it('that ended shows what it left open as abandoned, until that ends too', async () => {
    const collector = await collectorFixture();
    await collector.send(run('a', 1), { type: 'step', run_id: 'a', step_id: 's', start_time: at(1), seq: 1 });
    expect((await collector.get<RunDetail>('/api/runs/a')).steps[0]).toMatchObject({
      outcome: 'abandoned',
      running: false,
      status_code: 0,
      end_time: at(2),
    });
    await collector.send({ type: 'step', run_id: 'a', step_id: 's', end_time: at(3), outcome: 'ok', seq: 2 });
    expect((await collector.get<RunDetail>('/api/runs/a')).steps[0]).toMatchObject({
      outcome: 'ok',
      end_time: at(3),
    });
  });

  it('says that only part of its cost is known when one step has no price', async () => {
    const collector = await collectorFixture();
    const step = (id: string, more: Record<string, unknown>) => ({
      type: 'step',
      run_id: 'a',
      step_id: id,
      start_time: at(1),
      end_time: at(2),
      outcome: 'ok',
      prompt_uncached_tokens: 1000,
      completion_tokens: 10,
      seq: 1,
      ...more,
    });
    await collector.send(run('a', 1), step('s1', { model_used: 'gpt-4o' }));
    expect((await collector.get<RunList>('/api/runs')).runs[0]).toMatchObject({
      cost_usd: 0.0026,
      cost_source: 'price_list',
    });
    await collector.send(step('s2', { model_used: 'home-made-7b' }));
    const detail = await collector.get<RunDetail>('/api/runs/a');
    expect(detail.run).toMatchObject({ cost_usd: 0.0026, cost_source: 'partial' });
    expect(detail.steps[1]).not.toHaveProperty('cost_usd');
    await collector.send(step('s2', { real_total_cost: 0.001, seq: 2 }));
    expect((await collector.get<RunDetail>('/api/runs/a')).run).toMatchObject({
      cost_usd: 0.0036,
      cost_source: 'price_list',
    });
  });
});

describe('facets', () => {
  it('count what runs can be filtered by', async () => {
    const collector = await filled();
    expect(await collector.get<Facets>('/api/facets')).toEqual({
      name: [{ value: 'support', count: 2 }],
      outcome: [
        { value: 'ok', count: 2 },
        { value: 'cancelled', count: 1 },
        { value: 'error', count: 1 },
      ],
      model: [
        { value: 'gpt-4o', count: 1 },
        { value: 'gpt-5', count: 1 },
      ],
      tool: [{ value: 'search', count: 1 }],
      user_id: [
        { value: 'u1', count: 1 },
        { value: 'u2', count: 1 },
      ],
      tag: [
        { value: 'y', count: 2 },
        { value: 'x', count: 1 },
      ],
      environment: [{ value: 'prod', count: 1 }],
      release: [{ value: 'v2', count: 1 }],
    });
  });
});
