import { describe, expect, it } from 'vitest';
import type { RunList, SearchResult, SessionList } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';
import { parseQuery, snippet } from './search-text.js';

const time = {
  start_time: '2026-03-01T10:00:00.000Z',
  end_time: '2026-03-01T10:00:01.000Z',
  outcome: 'ok',
  seq: 1,
};
const run = (id: string, more: Record<string, unknown> = {}) => ({
  type: 'run',
  run_id: id,
  ...time,
  ...more,
});

const search = (collector: CollectorFixture, q: string, more = '') =>
  collector.get<SearchResult>(`/api/search?q=${encodeURIComponent(q)}${more}`);
const ids = async (collector: CollectorFixture, q: string) =>
  (await search(collector, q)).hits.map((hit) => hit.run_id);

describe('search', () => {
  it('finds a text wherever it stands, and says where', async () => {
    const collector = await collectorFixture();
    await collector.send(
      run('r1', {
        session_id: 's1',
        name: 'alphaname',
        prompt: { user_prompt: 'ask about alphaprompt', system_prompt: 'be alphasystem' },
        response: `${'long '.repeat(200)}alpharesponse ${'tail '.repeat(200)}`,
        metadata: { tenant: 'alphameta' },
        status_message: 'alphaerror',
      }),
      {
        type: 'content',
        hash: 'h1',
        body: { role: 'user', content: [{ type: 'text', text: 'the alphamessage' }] },
      },
      { type: 'step', run_id: 'r1', step_id: 'st1', ...time, response: 'alphastep', messages: ['h1'] },
      {
        type: 'tool_call',
        run_id: 'r1',
        tool_call_id: 'tc1',
        ...time,
        args: '{"q":"alphaargs"}',
        result: 'alpharesult',
      },
    );
    for (const [word, where, ids] of [
      ['alphaname', 'name', {}],
      ['alphaprompt', 'prompt', {}],
      ['alphasystem', 'system_prompt', {}],
      ['alpharesponse', 'response', {}],
      ['alphameta', 'metadata', {}],
      ['alphaerror', 'error', {}],
      ['alphamessage', 'step', { step_id: 'st1' }],
      ['alphastep', 'step', { step_id: 'st1' }],
      ['alphaargs', 'tool_args', { tool_call_id: 'tc1' }],
      ['alpharesult', 'tool_result', { tool_call_id: 'tc1' }],
    ] as const) {
      const { hits } = await search(collector, word);
      expect(hits, word).toMatchObject([
        { run_id: 'r1', session_id: 's1', where, ...ids, run: { run_id: 'r1' } },
      ]);
      expect(hits[0]?.snippet).toContain(`\u0002${word}\u0003`);
      expect(hits[0]!.snippet.length).toBeLessThan(300);
    }
    // The run, its long response, the message, the step, the tool call: one hit each, however often it occurs there.
    expect((await search(collector, 'alpha')).hits.length).toBe(5);
    expect((await collector.get<RunList>('/api/runs?q=alphamessage')).runs).toHaveLength(1);
    expect((await collector.get<RunList>('/api/runs?q=alphamessage&name=other')).runs).toHaveLength(0);
    expect((await collector.get<SessionList>('/api/sessions?q=alphargs')).sessions).toHaveLength(0);
    expect((await collector.get<SessionList>('/api/sessions?q=alphaargs')).sessions).toHaveLength(1);
    expect((await collector.get<SessionList>('/api/sessions?q=S1')).sessions).toHaveLength(1);
  });

  it('indexes a text that many runs share once', async () => {
    const collector = await collectorFixture();
    const system_prompt = `You are betabot. ${'Be kind. '.repeat(100)}`;
    await collector.send(
      ...['r1', 'r2', 'r3'].map((id, n) =>
        run(id, {
          start_time: `2026-03-01T10:00:0${n}.000Z`,
          prompt: { user_prompt: `hello ${id}`, system_prompt },
        }),
      ),
    );
    const { hits } = await search(collector, 'betabot');
    expect(hits).toMatchObject([{ run_id: 'r3', where: 'system_prompt' }]);
    expect((await collector.get<RunList>('/api/runs?q=betabot')).runs).toHaveLength(3);
  });

  it('forgets the text that an amendment replaced, and a run that was deleted', async () => {
    const collector = await collectorFixture();
    await collector.send(run('r1', { response: 'before' }));
    await collector.send(run('r1', { response: 'after', seq: 2 }));
    expect(await ids(collector, 'before')).toEqual([]);
    expect(await ids(collector, 'after')).toEqual(['r1']);
    await collector.request('/api/runs/r1', { method: 'DELETE' });
    expect(await ids(collector, 'after')).toEqual([]);
  });

  it('matches all terms, beginnings of words, phrases, any case and accents', async () => {
    const collector = await collectorFixture();
    await collector.send(
      run('r1', { response: 'The Café in get_weather of Zürich' }),
      run('r2', { response: 'cafe elsewhere' }),
    );
    expect((await ids(collector, 'cafe')).sort()).toEqual(['r1', 'r2']);
    expect(await ids(collector, 'CAFÉ zür')).toEqual(['r1']);
    expect(await ids(collector, 'get_weather')).toEqual(['r1']);
    expect(await ids(collector, '"in get weather"')).toEqual(['r1']);
    expect(await ids(collector, '"weather in"')).toEqual([]);
    expect((await search(collector, 'cafe')).hits.map((hit) => hit.snippet).join()).toContain(
      '\u0002Café\u0003',
    );
  });

  it('finds any part of Chinese, Japanese, Korean and Thai text', async () => {
    const collector = await collectorFixture();
    await collector.send(
      run('zh', { response: '今天旧金山的天气怎么样' }),
      run('ja', { response: '東京の天気を教えてください' }),
      run('ko', { response: '서울의 날씨는 어때요' }),
      run('th', { response: 'อากาศที่กรุงเทพเป็นอย่างไร' }),
    );
    expect(await ids(collector, '天气')).toEqual(['zh']);
    expect(await ids(collector, '金山')).toEqual(['zh']);
    expect(await ids(collector, '天気')).toEqual(['ja']);
    expect(await ids(collector, '날씨')).toEqual(['ko']);
    expect(await ids(collector, 'กรุงเทพ')).toEqual(['th']);
    expect((await search(collector, '天气')).hits[0]?.snippet).toContain('\u0002天气\u0003');
  });

  it.each([
    '"',
    '""',
    '*',
    'a* OR b',
    'NOT',
    'body:x',
    'NEAR(a b)',
    '(',
    ')',
    '^a',
    '-a',
    '+',
    'a"b',
    '{}',
    ';--',
    "'",
    '\u0000',
    '🙂',
    '%',
    'a AND',
    '\\',
  ])('takes whatever is typed as text, never as syntax: %j', async (q) => {
    const collector = await collectorFixture();
    await collector.send(run('r1', { response: 'a b NOT OR x' }));
    expect((await collector.request(`/api/search?q=${encodeURIComponent(q)}`)).status).toBe(200);
    expect((await collector.request(`/api/runs?q=${encodeURIComponent(q)}`)).status).toBe(200);
    expect((await collector.request(`/api/sessions?q=${encodeURIComponent(q)}`)).status).toBe(200);
  });

  it('gives hits newest first, page by page, each once', async () => {
    const collector = await collectorFixture();
    for (let n = 0; n < 12; n++) await collector.send(run(`r${n}`, { response: `needle ${n}` }));
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await search(collector, 'needle', `&limit=5${cursor}`);
      seen.push(...page.hits.map((hit) => hit.run_id));
      cursor = page.next_cursor === undefined ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => `r${11 - n}`));
  });

  it('says which parameter is wrong', async () => {
    const collector = await collectorFixture();
    for (const [path, field] of [
      ['/api/search', 'q'],
      [`/api/search?q=${'x'.repeat(2000)}`, 'q'],
      ['/api/search?q=x&limit=1000', 'limit'],
      ['/api/search?q=x&cursor=abc', 'cursor'],
    ]) {
      const response = await collector.request(path!);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'bad_parameter', field } });
    }
  });
});

describe('a snippet', () => {
  it('holds the surroundings of the first match and marks every match in it', () => {
    const text = `${'before '.repeat(50)}needle and needles${' after'.repeat(50)}`;
    const found = snippet(text, parseQuery('needle'))!;
    expect(found.startsWith('…')).toBe(true);
    expect(found.endsWith('…')).toBe(true);
    expect(found).toContain('\u0002needle\u0003 and \u0002needles\u0003');
  });

  it("never carries marks of the text's own", () => {
    expect(snippet('a \u0002fake\u0003 needle', parseQuery('needle'))).toBe('a  fake  \u0002needle\u0003');
  });
});
