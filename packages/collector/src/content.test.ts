import { describe, expect, it } from 'vitest';
import type { RunDetail } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';

const stored = async (collector: CollectorFixture, kind: string): Promise<number> =>
  Number(
    new RegExp(`observatory_stored\\{kind="${kind}"\\} (\\d+)`).exec(
      await (await collector.request('/metrics')).text(),
    )?.[1],
  );

describe('content', () => {
  it('of a conversation that every step repeats is stored once, and each step reads back whole', async () => {
    const collector = await collectorFixture();
    const messages = Array.from({ length: 40 }, (_, n) => ({
      role: n % 2 ? 'assistant' : 'user',
      content: `message ${n} ${'text '.repeat(50)}`,
    }));
    const items = messages.map((_, n) => ({
      type: 'step',
      run_id: 'r',
      step_id: `s${String(n).padStart(2, '0')}`,
      start_time: '2026-03-01T10:00:00.000Z',
      prompt: JSON.stringify(messages.slice(0, n + 1)),
      tool_definitions: JSON.stringify([{ name: 'tool', description: 'x'.repeat(2000) }]),
    }));
    const response = await collector.post('/v1/custom', { type: 'batch', items });
    expect(await response.json()).toMatchObject({ accepted: 40 });
    expect(await stored(collector, 'content')).toBe(41);
    const { steps } = await collector.get<RunDetail>('/api/runs/r');
    steps.forEach((step, n) => {
      expect(step.prompt).toBe(items[n]?.prompt);
      expect(step.messages).toEqual(messages.slice(0, n + 1));
      expect(step.message_hashes).toEqual(steps.at(-1)?.message_hashes?.slice(0, n + 1));
    });
  });

  it('of a prompt reads back to the last space, number and escape', async () => {
    const collector = await collectorFixture();
    const prompts = [
      '[{"role": "user", "content": "spaces"}]',
      '[{"role":"user","content":"\\u0041"}]',
      '[{"role":"user","n":1.0}]',
      '[{"role":"user","role":"twice"}]',
      '[{"role":"user"},5]',
      '[{"norole":1}]',
      '[{',
      '[]',
      '{"messages":[]}',
      '[{"role":"user","content":"plain"}]',
    ];
    await collector.send(
      ...prompts.map((prompt, n) => ({
        type: 'step',
        run_id: 'r',
        step_id: `s${n}`,
        start_time: '2026-03-01T10:00:00.000Z',
        prompt,
        seq: 1,
      })),
    );
    const { steps } = await collector.get<RunDetail>('/api/runs/r');
    expect(steps.map((step) => step.prompt)).toEqual(prompts);
    expect(steps.filter((step) => step.messages !== undefined)).toHaveLength(1);
  });

  it('that is large is compressed, and whole again when read', async () => {
    const collector = await collectorFixture();
    const response = Array.from({ length: 20_000 }, (_, n) => `line ${n % 100}`).join('\n');
    await collector.send({
      type: 'run',
      run_id: 'r',
      start_time: '2026-03-01T10:00:00.000Z',
      response,
      seq: 1,
    });
    expect((await collector.get<RunDetail>('/api/runs/r')).run.response).toBe(response);
  });
});
