import type { RunDetail, StepBody, ToolCallBody } from '@observatory/collector/api';
import type { Message } from '@observatory/core/wire';
import { describe, expect, it } from 'vitest';
import { entriesOf, findSpot, groupsOf, partsOf, spotsOf, textOf } from './transcript-model.js';

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
const step = (id: string, ms: number, more: Partial<StepBody> = {}): StepBody => ({
  step_id: id,
  run_id: 'r',
  start_time: at(ms),
  end_time: at(ms + 10),
  running: false,
  ...more,
});
const call = (id: string, ms: number, more: Partial<ToolCallBody> = {}): ToolCallBody => ({
  tool_call_id: id,
  run_id: 'r',
  tool_name: id,
  start_time: at(ms),
  end_time: at(ms + 50),
  running: false,
  ...more,
});
const detail = (
  id: string,
  more: Omit<Partial<RunDetail>, 'run'> & { run?: Partial<RunDetail['run']> } = {},
): RunDetail => ({
  steps: [],
  tool_calls: [],
  runs: [],
  feedback: [],
  subtree: { run_count: 1 },
  ...more,
  run: {
    run_id: id,
    start_time: at(0),
    running: false,
    step_count: 0,
    tool_call_count: 0,
    error_count: 0,
    ...more.run,
  },
});

describe('the transcript', () => {
  it('puts everything in time order, a step before what it asked for, nested runs under their call', () => {
    const nested = detail('n', { run: { parent_tool_call_id: 'c1', start_time: at(12) } });
    const loose = detail('l', { run: { start_time: at(30), parent_tool_call_id: 'unknown' } });
    const run = detail('r', {
      steps: [step('s1', 0), step('s2', 40)],
      tool_calls: [call('c2', 20), call('c1', 0)],
      runs: [nested, loose],
    });
    expect(entriesOf(run).map((entry) => entry.spot)).toEqual([
      'step:s1',
      'tool:c1',
      'tool:c2',
      'run:l',
      'step:s2',
    ]);
    expect(spotsOf(run)).toEqual(['step:s1', 'tool:c1', 'run:n', 'tool:c2', 'run:l', 'step:s2']);
    expect(findSpot(run, 'run:n')?.entry.kind).toBe('run');
    expect(findSpot(run, 'tool:nowhere')).toBeUndefined();
  });

  it('shows only the messages no earlier step was sent', () => {
    const system: Message = { role: 'system', content: 'be brief' };
    const user: Message = { role: 'user', content: 'hi' };
    const asked: Message = { role: 'assistant', content: '', tool_calls: [{}] };
    const result: Message = { role: 'tool', tool_call_id: 'c1', content: '42' };
    const nudge: Message = { role: 'user', content: 'go on' };
    const run = detail('r', {
      run: { user_prompt: 'hi', system_prompt: 'be brief' },
      steps: [
        step('s1', 0, { messages: [system, user], message_hashes: ['a', 'b'], output: [asked] }),
        step('s2', 40, {
          messages: [system, user, asked, result, nudge],
          message_hashes: ['a', 'b', 'c', 'd', 'e'],
        }),
      ],
      tool_calls: [call('c1', 10)],
    });
    const contexts = entriesOf(run).flatMap((entry) => (entry.kind === 'step' ? [entry.context] : []));
    expect(contexts[0]).toMatchObject({ sent: 2, unchanged: 0, above: 2, fresh: [] });
    expect(contexts[1]).toMatchObject({ sent: 5, unchanged: 2, above: 2, fresh: [nudge] });
  });

  it('counts earlier turns of the conversation instead of repeating them', () => {
    const turn = (role: string, content: string): Message => ({ role, content });
    const run = detail('r', {
      run: { user_prompt: 'third' },
      steps: [
        step('s', 0, {
          messages: [
            turn('system', 'rules'),
            turn('user', 'first'),
            turn('assistant', 'one'),
            turn('user', 'second'),
            turn('user', 'third'),
          ],
        }),
      ],
    });
    const [entry] = entriesOf(run);
    expect(entry?.kind === 'step' && entry.context).toMatchObject({
      earlier: 3,
      above: 1,
      fresh: [turn('system', 'rules')],
    });
  });

  it('compares text prompts when there are no messages', () => {
    const run = detail('r', {
      run: { user_prompt: 'task' },
      steps: [
        step('a', 0, { prompt: 'task' }),
        step('b', 10, { prompt: 'task\nmore' }),
        step('c', 20, { prompt: 'new' }),
      ],
    });
    const prompts = entriesOf(run).map((entry) => entry.kind === 'step' && entry.context.freshPrompt);
    expect(prompts).toEqual([
      undefined,
      { text: '\nmore', unchangedChars: 4 },
      { text: 'new', unchangedChars: 0 },
    ]);
  });

  it('keeps the tool calls of one step together', () => {
    const run = detail('r', {
      steps: [step('s', 0)],
      tool_calls: [
        call('a', 1, { step_id: 's' }),
        call('b', 2, { step_id: 's' }),
        call('c', 90, { step_id: 'other' }),
      ],
    });
    expect(groupsOf(entriesOf(run)).map((group) => group.map((entry) => entry.spot))).toEqual([
      ['step:s'],
      ['tool:a', 'tool:b'],
      ['tool:c'],
    ]);
  });

  it('reads every shape of content, and names media without fetching them', () => {
    const message: Message = {
      role: 'user',
      content: [
        'plain',
        { type: 'text', text: 'typed' },
        { type: 'image_url', image_url: { url: 'x'.repeat(2_000) } },
        { odd: 1 },
        null,
      ],
    };
    expect(partsOf(message)).toEqual([
      { kind: 'text', text: 'plain' },
      { kind: 'text', text: 'typed' },
      { kind: 'media', name: 'image url', size: 2_000 },
      { kind: 'json', value: { odd: 1 } },
      { kind: 'json', value: null },
    ]);
    expect(textOf(message)).toBe('plaintyped');
    expect(partsOf({ role: 'x', content: 5 })).toEqual([{ kind: 'json', value: 5 }]);
    expect(partsOf({ role: 'x' })).toEqual([]);
  });
});
