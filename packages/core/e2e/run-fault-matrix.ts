/**
 * The fault matrix at full length, printed as a table: `node packages/core/e2e/run-fault-matrix.ts [runs per row] [row…]`.
 * Needs a build of core and collector.
 */
import { rowNames, startMatrix } from './fault-matrix.ts';
import { type Outcome, table } from './fault-table.ts';

const [runs = '1000', ...wanted] = process.argv.slice(2);
const outcomes: Outcome[] = [];
const matrix = await startMatrix(Number(runs));
try {
  for (const name of rowNames) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const outcome = await matrix.play(name).catch(
      (error: Error): Outcome => ({
        row: name,
        sent: 0,
        stored: 0,
        missing: [],
        wrong: [],
        broken: [error.message],
        note: '',
        ms: 0,
      }),
    );
    outcomes.push(outcome);
    console.error(`${outcome.broken.length > 0 ? 'BROKEN' : 'ok    '} ${name}`);
  }
} finally {
  await matrix.close();
}
console.log(table(outcomes));
process.exitCode = outcomes.some(({ broken }) => broken.length > 0) ? 1 : 0;
