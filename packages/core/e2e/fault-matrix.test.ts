import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Matrix, rowNames, startMatrix } from './fault-matrix.ts';
import { type Outcome, table } from './fault-table.ts';

/** The short form; `node packages/core/e2e/run-fault-matrix.ts` plays 1,000 runs a row. */
const RUNS_PER_ROW = 20;

let matrix: Matrix;
const outcomes: Outcome[] = [];
beforeAll(async () => {
  matrix = await startMatrix(RUNS_PER_ROW);
});
afterAll(async () => {
  console.log(table(outcomes));
  await matrix.close();
});

describe('every run a host has ended is stored, once', () => {
  it.each(rowNames)('%s', async (name) => {
    const outcome = await matrix.play(name);
    outcomes.push(outcome);
    expect(outcome.broken).toEqual([]);
  });
});
