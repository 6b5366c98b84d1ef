import type { RunDetail, StepBody, ToolCallBody } from '@observatory/collector/api';
import type { Ended } from '../ui/outcome.js';

/** One bar of the waterfall; times in milliseconds from the start of the run. */
export interface Bar {
  spot: string;
  kind: 'run' | 'step' | 'tool';
  label: string;
  depth: number;
  start: number;
  end: number;
  of: Ended;
  /** From `start`, for steps that streamed. */
  firstToken?: number;
  /** Idle time before this bar in which nothing of the same run happened, when it is long enough to matter. */
  gapBefore?: number;
}

export interface Timeline {
  bars: Bar[];
  /** Milliseconds from the start of the run to the last end. */
  length: number;
}

/** Gaps shorter than this share of the whole run are not worth a mark. */
const GAP_SHARE = 0.04;

/** The bars of a run and all that it holds: tool calls under the step that asked for them, nested runs under their call. */
export function timelineOf(detail: RunDetail, now: number): Timeline {
  const zero = Date.parse(detail.run.start_time);
  const bars: Bar[] = [];

  const addRun = (one: RunDetail, depth: number) => {
    bars.push({
      spot: `run:${one.run.run_id}`,
      kind: 'run',
      label: one.run.name ?? 'run',
      depth,
      ...range(one.run, zero, now),
      of: one.run,
    });
    const callsOf = group(one.tool_calls, (call) =>
      one.steps.some((step) => step.step_id === call.step_id) ? call.step_id : undefined,
    );
    const runsOf = group(one.runs, (nested) =>
      one.tool_calls.some((call) => call.tool_call_id === nested.run.parent_tool_call_id)
        ? nested.run.parent_tool_call_id
        : undefined,
    );
    const addCall = (call: ToolCallBody, at: number) => {
      bars.push({
        spot: `tool:${call.tool_call_id}`,
        kind: 'tool',
        label: call.tool_name,
        depth: at,
        ...range(call, zero, now),
        of: call,
      });
      for (const nested of byTime(runsOf.get(call.tool_call_id) ?? [])) addRun(nested, at + 1);
    };
    const addStep = (step: StepBody) => {
      bars.push({
        spot: `step:${step.step_id}`,
        kind: 'step',
        label: step.model_used ?? step.model_requested ?? 'step',
        depth: depth + 1,
        ...range(step, zero, now),
        of: step,
        ...(step.time_to_first_token_ms !== undefined && { firstToken: step.time_to_first_token_ms }),
      });
      for (const call of callsOf.get(step.step_id) ?? []) addCall(call, depth + 2);
    };
    const children = [
      ...one.steps.map((step) => ({
        start: Date.parse(step.start_time),
        order: 0,
        add: () => addStep(step),
      })),
      ...(callsOf.get(undefined) ?? []).map((call) => ({
        start: Date.parse(call.start_time),
        order: 1,
        add: () => addCall(call, depth + 1),
      })),
      ...(runsOf.get(undefined) ?? []).map((nested) => ({
        start: Date.parse(nested.run.start_time),
        order: 2,
        add: () => addRun(nested, depth + 1),
      })),
    ].sort((a, b) => a.start - b.start || a.order - b.order);
    for (const child of children) child.add();
  };

  addRun(detail, 0);
  const length = Math.max(1, ...bars.map((bar) => bar.end));
  markGaps(bars, length);
  return { bars, length };
}

function range(
  of: { start_time: string; end_time?: string; duration_ms?: number },
  zero: number,
  now: number,
) {
  const start = Math.max(0, Date.parse(of.start_time) - zero);
  const end =
    of.duration_ms !== undefined
      ? start + of.duration_ms
      : of.end_time !== undefined
        ? Date.parse(of.end_time) - zero
        : now - zero;
  return { start, end: Math.max(start, end) };
}

function byTime(runs: RunDetail[]): RunDetail[] {
  return runs.toSorted((a, b) => Date.parse(a.run.start_time) - Date.parse(b.run.start_time));
}

function group<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string | undefined, T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const list = groups.get(key);
    if (list) list.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Time of the run in which neither a model nor a tool was at work: the host's own code, or waiting. */
function markGaps(bars: Bar[], length: number): void {
  let reached = 0;
  for (const bar of bars.slice(1).sort((a, b) => a.start - b.start)) {
    if (bar.start - reached > length * GAP_SHARE) bar.gapBefore = bar.start - reached;
    reached = Math.max(reached, bar.end);
  }
}

export interface TimeSplit {
  model: number;
  tools: number;
  other: number;
}

/** How the time of a run divides: any model at work, else any tool, else neither. Overlapping work counts once. */
export function timeSplitOf(timeline: Timeline): TimeSplit {
  const steps = timeline.bars.filter((bar) => bar.kind === 'step');
  const tools = timeline.bars.filter((bar) => bar.kind === 'tool');
  const model = covered(steps);
  const both = covered([...steps, ...tools]);
  const whole = timeline.bars[0] ? timeline.bars[0].end - timeline.bars[0].start : 0;
  return { model, tools: both - model, other: Math.max(0, whole - both) };
}

function covered(bars: readonly Bar[]): number {
  let sum = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { start, end } of bars.toSorted((a, b) => a.start - b.start)) {
    if (end <= reached) continue;
    sum += end - Math.max(start, reached);
    reached = end;
  }
  return sum;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Steps a person counts in: decimal below ten seconds, then as a clock. */
const TICK_STEPS = [
  10,
  15,
  30,
  MINUTE / SECOND,
  120,
  300,
  600,
  900,
  1_800,
  HOUR / SECOND,
  7_200,
  14_400,
  43_200,
  86_400,
].map((seconds) => seconds * SECOND);

/** Round tick positions between two times: at most 8 of them. */
export function ticks(from: number, to: number): number[] {
  const rough = (to - from) / 7;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 0.001)));
  const decimal = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const step = rough <= 5 * SECOND ? decimal : (TICK_STEPS.find((size) => size >= rough) ?? decimal);
  const list: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) list.push(at);
  return list;
}

/** A tick in the shortest form: `0`, `200 ms`, `2.5 s`, `30 s`, `1m 30s`. */
export function formatTick(ms: number): string {
  if (ms === 0) return '0';
  if (ms < SECOND) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < MINUTE) return `${Number((ms / SECOND).toPrecision(4))} s`;
  const [hours, minutes, seconds] = [
    Math.floor(ms / HOUR),
    Math.floor((ms % HOUR) / MINUTE),
    Math.round((ms % MINUTE) / SECOND),
  ];
  return [hours && `${hours}h`, minutes && `${minutes}m`, seconds && `${seconds}s`].filter(Boolean).join(' ');
}
