import { defineConfig } from 'vitest/config';

// Set by .ci/run, which counts from it.
const report = process.env.OBSERVATORY_TEST_REPORT;

export default defineConfig({
  test: {
    maxWorkers: 2,
    // What a test's process leaves behind must reach no other: tests of the spool name a folder of their own.
    env: { OBSERVATORY_SPOOL: 'false' },
    ...(report && { reporters: ['default', ['json', { outputFile: report }]] }),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{packages,examples}/*/src/**/*.test.{ts,tsx}',
            'docs/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          // Real Chromium, real processes: one file at a time.
          name: 'e2e',
          include: ['{packages,examples}/*/e2e/**/*.test.ts', 'runtimes/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
