import { describe, expect, it } from 'vitest';
import { createOpenings } from './journal.js';

const SEQ = 1_800_000_000_000_000;
const run = (fields: object, seq: number) => JSON.stringify({ type: 'run', run_id: 'r"1', seq, ...fields });
const step = (fields: object, seq: number) =>
  JSON.stringify({ type: 'step', run_id: 'r"1', step_id: 's1', seq, ...fields });

describe('what a journal knows to be open', () => {
  it('is what has begun and not ended', () => {
    const openings = createOpenings();
    openings.note(run({ start_time: 'a' }, SEQ));
    openings.note(step({ start_time: 'b' }, SEQ + 1));
    openings.note(step({ response: 'not an end: "end_time":' }, SEQ + 2));
    expect(openings.list()).toHaveLength(2);
    openings.note(step({ end_time: 'c' }, SEQ + 3));
    openings.note(run({ end_time: 'd' }, SEQ + 4));
    expect(openings.size).toBe(0);
  });

  it('is not opened again by what is added after the end', () => {
    const openings = createOpenings();
    openings.note(run({ start_time: 'a', end_time: 'b' }, SEQ));
    openings.note(run({ metadata: { late: true } }, SEQ + 1));
    expect(openings.abandon(0)).toEqual([]);
  });

  it('ends as abandoned at the last sign of its run, after everything the run said', () => {
    const openings = createOpenings();
    openings.note(run({ start_time: 'a' }, SEQ));
    openings.note(step({ start_time: 'b' }, SEQ + 5_000_000));
    const lines = openings.abandon(0).map((line) => JSON.parse(line));
    const end = {
      seq: SEQ + 5_000_001,
      end_time: '2027-01-15T08:00:05.000Z',
      status_code: 0,
      outcome: 'abandoned',
    };
    expect(lines).toEqual([
      { type: 'run', run_id: 'r"1', ...end },
      { type: 'step', run_id: 'r"1', step_id: 's1', ...end },
    ]);
  });

  it('survives being written down and read again', () => {
    const openings = createOpenings();
    openings.note(run({ start_time: 'a' }, SEQ));
    openings.note(step({ start_time: 'b' }, SEQ + 1));
    const copy = createOpenings();
    for (const text of openings.list()) copy.note(text);
    expect(copy.abandon(0)).toEqual(openings.abandon(0));
  });
});
