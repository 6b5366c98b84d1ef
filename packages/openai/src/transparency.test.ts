import { afterAll, describe, expect, test } from 'vitest';
import { majors } from './majors.test.support.js';
import { play, type Scenario } from './scenario.test.support.js';
import { clientScenarios } from './scenarios-client.test.support.js';
import { contentScenarios } from './scenarios-content.test.support.js';
import { helperScenarios } from './scenarios-helper.test.support.js';
import { promiseScenarios } from './scenarios-promise.test.support.js';
import { streamScenarios } from './scenarios-stream.test.support.js';

/** Every scenario is played bare and wrapped on every major; both must give the same, and the step must be right. */
const groups: Record<string, Scenario[]> = {
  promise: promiseScenarios,
  stream: streamScenarios,
  helpers: helperScenarios,
  content: contentScenarios,
  client: clientScenarios,
};

type Verdict = 'same, recorded' | 'same' | 'n/a' | 'FAIL';
const table = new Map<string, Record<string, Verdict>>();

for (const [group, scenarios] of Object.entries(groups)) {
  describe(group, () => {
    for (const scenario of scenarios) {
      const row: Record<string, Verdict> = {};
      table.set(`${group}: ${scenario.name}`, row);
      for (const { major, OpenAI } of majors) {
        row[major] = scenario.not?.includes(major) ? 'n/a' : 'FAIL';
        if (row[major] === 'n/a') continue;
        test(`${major}: ${scenario.name}`, async () => {
          const bare = await play(scenario, OpenAI, false);
          const { runs, ...wrapped } = await play(scenario, OpenAI, true);
          expect({ ...wrapped, runs: [] }).toEqual(bare);
          row[major] = 'same';
          if (scenario.recorded) scenario.recorded(runs);
          else expect(runs.flatMap(({ steps }) => steps).length).toBeGreaterThan(0);
          row[major] = 'same, recorded';
        });
      }
    }
  });
}

afterAll(() => {
  // `SCENARIO_TABLE=1 pnpm vitest run packages/openai/src/transparency.test.ts` prints it.
  if (!process.env.SCENARIO_TABLE) return;
  const names = majors.map(({ major }) => major);
  const lines = [`| scenario | ${names.join(' | ')} |`, `|---|${names.map(() => '---').join('|')}|`];
  for (const [name, row] of table)
    lines.push(`| ${name} | ${names.map((major) => row[major]).join(' | ')} |`);
  process.stdout.write(`${lines.join('\n')}\n`);
});
