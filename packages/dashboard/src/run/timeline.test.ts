import type { RunDetail } from '@observatory/collector/api';
import { describe, expect, it } from 'vitest';
import { formatTick, ticks, timelineOf, timeSplitOf } from './timeline.js';

const ZERO = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(ZERO + ms).toISOString();
const during = (start: number, end?: number) => ({
  start_time: at(start),
  running: end === undefined,
  ...(end !== undefined && { end_time: at(end), duration_ms: end - start }),
});

const run: RunDetail = {
  run: { run_id: 'r', name: 'agent', step_count: 2, tool_call_count: 2, error_count: 0, ...during(0, 1_000) },
  steps: [
    { step_id: 's1', run_id: 'r', model_used: 'm', time_to_first_token_ms: 50, ...during(0, 200) },
    { step_id: 's2', run_id: 'r', ...during(700, 1_000) },
  ],
  tool_calls: [
    { tool_call_id: 'a', run_id: 'r', tool_name: 'a', step_id: 's1', ...during(200, 500) },
    { tool_call_id: 'b', run_id: 'r', tool_name: 'b', step_id: 's1', ...during(210, 400) },
    { tool_call_id: 'lost', run_id: 'r', tool_name: 'lost', step_id: 'unknown', ...during(450, 500) },
  ],
  runs: [
    {
      run: {
        run_id: 'n',
        step_count: 0,
        tool_call_count: 0,
        error_count: 0,
        parent_tool_call_id: 'a',
        ...during(220, 480),
      },
      steps: [],
      tool_calls: [],
      runs: [],
      feedback: [],
      subtree: { run_count: 1 },
    },
  ],
  feedback: [],
  subtree: { run_count: 2 },
};

describe('the waterfall', () => {
  it('stands tool calls under the step that asked for them, and nested runs under their call', () => {
    expect(timelineOf(run, 0).bars.map((bar) => [bar.spot, bar.depth, bar.start, bar.end])).toEqual([
      ['run:r', 0, 0, 1_000],
      ['step:s1', 1, 0, 200],
      ['tool:a', 2, 200, 500],
      ['run:n', 3, 220, 480],
      ['tool:b', 2, 210, 400],
      ['tool:lost', 1, 450, 500],
      ['step:s2', 1, 700, 1_000],
    ]);
  });

  it('marks the time in which neither a model nor a tool was at work', () => {
    const timeline = timelineOf(run, 0);
    expect(timeline.bars.filter((bar) => bar.gapBefore).map((bar) => [bar.spot, bar.gapBefore])).toEqual([
      ['step:s2', 200],
    ]);
    expect(timeSplitOf(timeline)).toEqual({ model: 500, tools: 300, other: 200 });
  });

  it('lets what is running grow to now, and never ends before it starts', () => {
    const open: RunDetail = {
      ...run,
      run: { ...run.run, ...during(0) },
      steps: [{ step_id: 's', run_id: 'r', ...during(100) }],
      tool_calls: [{ tool_call_id: 'x', run_id: 'r', tool_name: 'x', ...during(300), end_time: at(200) }],
      runs: [],
    };
    const { bars, length } = timelineOf(open, ZERO + 5_000);
    expect(length).toBe(5_000);
    expect(bars.every((bar) => bar.end >= bar.start)).toBe(true);
  });

  it('ticks at round times', () => {
    expect(ticks(0, 1_000)).toEqual([0, 200, 400, 600, 800, 1_000]);
    expect(ticks(0, 34_050).slice(0, 3)).toEqual([0, 5_000, 10_000]);
    for (const [from, to] of [
      [0, 1],
      [3, 1_000_000],
      [999, 1_001],
    ] as const)
      expect(ticks(from, to).length).toBeLessThanOrEqual(8);
    expect([0, 200, 2_500, 30_000, 90_000, 7_200_000].map(formatTick)).toEqual([
      '0',
      '200 ms',
      '2.5 s',
      '30 s',
      '1m 30s',
      '2h',
    ]);
  });
});
