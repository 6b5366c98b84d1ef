import { describe, expect, it } from 'vitest';
import { collectorFixture } from './collector.test.fixture.js';
import type { openApi } from './openapi.js';

describe('the OpenAPI document', () => {
  it('refers only to what it defines, and names only addresses that are answered', async () => {
    const collector = await collectorFixture();
    const document = await collector.get<typeof openApi>('/api/openapi.json');
    const defined = Object.keys(document.components.schemas);
    const used = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1]!,
    );
    expect(defined).toEqual(expect.arrayContaining([...new Set(used)]));
    for (const [path, operations] of Object.entries(document.paths)) {
      if (path === '/api/live') continue; // it never ends
      for (const method of Object.keys(operations)) {
        const response = await collector.request(path.replace('{id}', 'none'), {
          method: method.toUpperCase(),
        });
        const answer = await response.text();
        if (response.status === 404)
          expect(answer, path).toContain(
            'there is no run \\"none\\"'.replace('run', path.includes('runs') ? 'run' : 'session'),
          );
        else expect(response.status, `${method} ${path}`).toBeLessThanOrEqual(400);
      }
    }
  });

  it('describes what is answered: every member of a row is in its schema', async () => {
    const collector = await collectorFixture();
    await collector.send(
      {
        type: 'run',
        run_id: 'r',
        session_id: 's',
        start_time: '2026-03-01T10:00:00Z',
        end_time: '2026-03-01T10:00:01Z',
        outcome: 'error',
        status_message: 'x',
        prompt: { user_prompt: 'p' },
        response: 'r',
        name: 'n',
        tags: ['t'],
        user_id: 'u',
        seq: 1,
      },
      {
        type: 'step',
        run_id: 'r',
        step_id: 's',
        start_time: '2026-03-01T10:00:00Z',
        model_used: 'gpt-4o',
        prompt_uncached_tokens: 1,
        completion_tokens: 1,
        prompt: '[{"role":"user","content":"x"}]',
        seq: 1,
      },
    );
    const { components } = await collector.get<typeof openApi>('/api/openapi.json');
    const members = (name: string) =>
      Object.keys((components.schemas[name] as { properties: object }).properties);
    const { runs } = await collector.get<{ runs: object[] }>('/api/runs');
    expect(members('RunRow')).toEqual(expect.arrayContaining(Object.keys(runs[0]!)));
    const { sessions } = await collector.get<{ sessions: object[] }>('/api/sessions');
    expect(members('SessionRow')).toEqual(expect.arrayContaining(Object.keys(sessions[0]!)));
    const { steps } = await collector.get<{ steps: object[] }>('/api/runs/r');
    expect(members('StepBody')).toEqual(expect.arrayContaining(Object.keys(steps[0]!)));
  });
});
