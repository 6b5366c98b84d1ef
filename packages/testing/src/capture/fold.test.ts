import type { RunItem } from '@observatory/core/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capturedRuns } from './captured-run.js';
import { fold } from './fold.js';

const idOf = ({ run_id }: RunItem) => run_id;

test('later fields replace, absent fields stay, the first start and the strongest outcome remain', () => {
  const items: RunItem[] = [
    {
      type: 'run',
      run_id: 'a',
      seq: 1,
      start_time: '2026-01-01T00:00:00.000Z',
      name: 'one',
      outcome: 'error',
    },
    {
      type: 'run',
      run_id: 'a',
      seq: 2,
      start_time: '2026-01-02T00:00:00.000Z',
      response: 'hi',
      outcome: 'ok',
    },
  ];
  const whole = {
    run_id: 'a',
    start_time: '2026-01-01T00:00:00.000Z',
    name: 'one',
    response: 'hi',
    outcome: 'error',
  };
  expect(fold(items, idOf)).toMatchObject([whole]);
  expect(fold(items.toReversed(), idOf)).toMatchObject([whole]);
});

test('order and duplication change nothing', () => {
  const item = fc.record({
    type: fc.constant('run' as const),
    run_id: fc.constantFrom('a', 'b'),
    seq: fc.integer({ min: 1, max: 6 }),
  });
  const numbered = fc
    .uniqueArray(item, { selector: ({ run_id, seq }) => `${run_id}${seq}` })
    .map((items) => items.map((each): RunItem => ({ ...each, name: `${each.run_id}${each.seq}` })));
  fc.assert(
    fc.property(numbered, fc.infiniteStream(fc.nat()), (items, random) => {
      const order = new Map(items.map((each) => [each, random.next().value]));
      const shuffled = [...items, ...items].sort((a, b) => order.get(a)! - order.get(b)!);
      const sorted = (all: RunItem[]) => all.toSorted((a, b) => (a.run_id < b.run_id ? -1 : 1));
      expect(sorted(fold(shuffled, idOf))).toEqual(sorted(fold(items, idOf)));
    }),
  );
});

test('children without their run, and messages without their content, are still shown', () => {
  const runs = capturedRuns([
    { type: 'step', run_id: 'lost', step_id: 's', messages: ['h1'] },
    { type: 'tool_call', run_id: 'lost', tool_call_id: 't', tool_name: 'f' },
  ]);
  expect(runs).toMatchObject([
    {
      run_id: 'lost',
      steps: [{ step_id: 's', messages: [{ role: 'missing', content: 'h1' }] }],
      tool_calls: [{ tool_name: 'f' }],
    },
  ]);
});
