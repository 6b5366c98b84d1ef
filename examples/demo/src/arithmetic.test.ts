import { expect, test } from 'vitest';
import { evaluate } from './arithmetic.js';

test.each([
  ['1186 + 3 * 142 + 3 * 95 + 64', 1961],
  ['(389 + 449 + 520) / 4', 339.5],
  ['-2 * (3 - 5)', 4],
  ['10 / 4 / 5', 0.5],
])('%s is %d', (expression, value) => {
  expect(evaluate(expression)).toBe(value);
});

test.each(['', '2 +', '(1', '1 2', 'process.exit()'])(
  '"%s" is refused with what could not be read',
  (expression) => {
    expect(() => evaluate(expression)).toThrow(/Cannot read|bracket/);
  },
);
