import { type Captured, type CapturedRun, captureRuns } from '@observatory/testing';
import { test } from 'vitest';
import { type Major, type Sdk, telemetryOption, VERSIONS, type Version } from './majors.test.support.js';
import { type MockModel, type MockReply, mockModel } from './mock-model.test.support.js';
import { wrapAISDK } from './wrap-ai-sdk.js';

/** What a test of one version works with. */
export interface Bench {
  readonly version: string;
  readonly major: Major;
  /** Wrapped, as a user of any version would have it. */
  readonly ai: Sdk;
  /** The option that carries `observe()`. */
  readonly option: string;
  readonly captured: Captured;
  mock(replies: Parameters<typeof mockModel>[1], options?: Parameters<typeof mockModel>[2]): MockModel;
  /** A tool of that name. */
  tool(execute?: (input: never, options: { abortSignal?: AbortSignal }) => unknown): unknown;
  /** Stops after so many steps. */
  steps(count: number): unknown;
}

type Body = (bench: Bench) => Promise<void>;

/** The test for every version, or those that `only` picks. */
export function everyVersion(
  name: string,
  body: Body,
  only: (version: Version) => boolean = () => true,
): void {
  for (const version of VERSIONS.filter(only)) {
    test(`ai ${version.version}: ${name}`, async () => {
      const ai = wrapAISDK(await version.load());
      using captured = captureRuns();
      await body(benchOf(version, ai, captured));
    });
  }
}

export function benchOf({ version, major }: Version, ai: Sdk, captured: Captured): Bench {
  return {
    version,
    major,
    ai,
    option: telemetryOption(major),
    captured,
    mock: (replies, options) => mockModel(major, replies, options),
    tool: (execute) =>
      ai.tool({
        description: 'A tool',
        inputSchema: ai.jsonSchema({ type: 'object', properties: {}, additionalProperties: true }),
        ...(execute ? { execute } : {}),
      }),
    steps: (count) => ai.stepCountIs(count),
  };
}

/** A run as lines: what a reader of the dashboard would see first. */
export function tree(run: CapturedRun | undefined, depth = 0): string[] {
  if (!run) return ['nothing'];
  const pad = '  '.repeat(depth);
  const lines = [`${pad}run ${run.name ?? '-'} ${run.outcome ?? 'open'}${said(run.status_message)}`];
  for (const step of run.steps) {
    const { prompt_uncached_tokens: uncached, completion_tokens: completion } = step;
    const tokens =
      uncached === undefined && completion === undefined ? 'no tokens' : `${uncached}/${completion}`;
    lines.push(
      `${pad}  step ${step.model_requested} ${step.finish_reason ?? '-'} ${tokens} ${step.outcome ?? 'open'}${said(step.status_message)}`,
    );
    for (const call of run.tool_calls.filter(({ step_id }) => step_id === step.step_id))
      lines.push(...toolLines(run, call, depth + 2));
  }
  for (const call of run.tool_calls.filter(({ step_id }) => step_id === undefined))
    lines.push(...toolLines(run, call, depth + 1));
  for (const nested of run.runs.filter(({ parent_tool_call_id }) => parent_tool_call_id === undefined)) {
    lines.push(...tree(nested, depth + 1));
  }
  return lines;
}

const said = (message: string | undefined): string => (message === undefined ? '' : ` "${message}"`);

function toolLines(run: CapturedRun, call: CapturedRun['tool_calls'][number], depth: number): string[] {
  const pad = '  '.repeat(depth);
  const nested = run.runs.filter(({ parent_tool_call_id }) => parent_tool_call_id === call.tool_call_id);
  return [
    `${pad}tool ${call.tool_name} ${call.outcome ?? 'open'}${said(call.status_message)}`,
    ...nested.flatMap((inner) => tree(inner, depth + 1)),
  ];
}

export const WEATHER: MockReply = { toolCalls: [{ id: 'c1', name: 'weather', input: { city: 'Oslo' } }] };

/** Resolves when `check` holds; the time is a bound for a hopeless case, not a wait. */
export async function until(check: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`Still not so after ${timeoutMs} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
