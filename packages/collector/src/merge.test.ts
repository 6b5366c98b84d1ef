import { OUTCOME_ORDER, type Outcome } from '@observatory/core/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Amendment, amend, emptyMerged, type Fields } from './merge.js';

const item = (seq: number | undefined, fields: Fields, outcome?: Outcome): Amendment => ({
  ...(seq !== undefined && { seq }),
  ...(outcome !== undefined && { outcome }),
  fields,
  fingerprint: JSON.stringify(fields),
});

const mergeAll = (items: Amendment[]) => {
  const merged = emptyMerged();
  const answers = items.map((one) => amend(merged, one));
  return { merged, answers };
};

/** wire.ts's rule, said another way: fold the items in the order of their seq. */
function expected(items: Amendment[]): { fields: Fields; outcome: Outcome | undefined } {
  const fields: Fields = {};
  let outcome: Outcome | undefined;
  for (const one of [...items].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0))) {
    for (const [name, value] of Object.entries(one.fields)) {
      if (name !== 'start_us' || !('start_us' in fields)) fields[name] = value;
    }
    const strength = (of: Outcome | undefined) => (of === undefined ? -1 : OUTCOME_ORDER.indexOf(of));
    if (strength(one.outcome) > strength(outcome)) outcome = one.outcome;
  }
  return { fields, outcome };
}

describe('merging items of one id', () => {
  it('gives what their seqs say, in whatever order and however often they come', () => {
    const oneItem = fc.record({
      fields: fc.dictionary(fc.constantFrom('start_us', 'end_us', 'response', 'name'), fc.nat(9)),
      outcome: fc.option(fc.constantFrom(...OUTCOME_ORDER), { nil: undefined }),
    });
    const sets = fc.array(oneItem, { minLength: 1, maxLength: 8 }).chain((made) => {
      const items = made.map(({ fields, outcome }, seq) => item(seq + 1, fields, outcome));
      return fc
        .shuffledSubarray([...items, ...items], { minLength: items.length * 2, maxLength: items.length * 2 })
        .map((sent) => ({ items, sent }));
    });
    fc.assert(
      fc.property(sets, ({ items, sent }) => {
        const { merged, answers } = mergeAll(sent);
        const { fields, outcome } = expected(items);
        expect(merged.fields).toEqual(fields);
        expect(merged.outcome).toBe(outcome);
        expect(merged.seen).toEqual([[1, items.length]]);
        expect(answers.filter((answer) => answer === null)).toHaveLength(items.length);
      }),
    );
  });

  it('keeps the start that was said first, and takes the rest from what was said last', () => {
    const { merged } = mergeAll([
      item(2, { start_us: 20, name: 'two' }),
      item(1, { start_us: 10, name: 'one' }),
      item(3, { start_us: 30 }),
    ]);
    expect(merged.fields).toEqual({ start_us: 10, name: 'two' });
  });

  it('takes items without seq in order of arrival, below any that has one, and an identical one as a duplicate', () => {
    const { merged, answers } = mergeAll([
      item(undefined, { name: 'a' }),
      item(undefined, { name: 'b' }),
      item(undefined, { name: 'a' }),
      item(1, { response: 'numbered' }),
      item(undefined, { response: 'late' }),
    ]);
    expect(merged.fields).toEqual({ name: 'b', response: 'numbered' });
    expect(answers.map((answer) => answer !== null)).toEqual([true, true, false, true, true]);
  });

  it('lets an outcome get worse and never better, but for those that say that the end is not known', () => {
    const outcomes = (...list: Outcome[]) =>
      mergeAll(list.map((outcome, seq) => item(seq + 1, {}, outcome))).merged.outcome;
    expect(outcomes('abandoned', 'ok')).toBe('ok');
    expect(outcomes('interrupted', 'ok')).toBe('ok');
    expect(outcomes('ok', 'abandoned')).toBe('ok');
    expect(outcomes('error', 'ok')).toBe('error');
    expect(outcomes('ok', 'cancelled', 'timed_out', 'incomplete')).toBe('timed_out');
  });

  it('remembers which seqs came in little room, with holes', () => {
    const { merged } = mergeAll([5, 1, 2, 9, 3, 7, 8].map((seq) => item(seq, {})));
    expect(merged.seen).toEqual([
      [1, 3],
      [5, 5],
      [7, 9],
    ]);
    expect(amend(merged, item(4, {}))).not.toBeNull();
    expect(merged.seen).toEqual([
      [1, 5],
      [7, 9],
    ]);
    expect(amend(merged, item(8, {}))).toBeNull();
  });
});
