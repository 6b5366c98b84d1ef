import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  Overview,
  RunDetail,
  RunList,
  RunRow,
  SessionList,
  SessionThread,
} from '@observatory/collector/api';
import { afterEach, beforeEach, expect, test } from 'vitest';

// The demo as `start` runs it: its own process, free ports, its own data.
const start = fileURLToPath(new URL('../dist/start.js', import.meta.url));

interface Demo {
  process: ChildProcess;
  dashboard: string;
  chat: string;
  output: () => string;
}

let data: string;
const running: Demo[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'observatory-demo-'));
});

afterEach(async () => {
  for (const demo of running.splice(0)) await stop(demo, 'SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

function launch(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [start], {
    env: {
      ...process.env,
      OPENAI_API_KEY: '',
      OBSERVATORY_PORT: '0',
      OBSERVATORY_DEMO_PORT: '0',
      OBSERVATORY_DEMO: 'once',
      OBSERVATORY_DATA: data,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    output += text;
  });
  return { child, output: () => output };
}

async function startDemo(): Promise<Demo> {
  const { child, output } = launch();
  const demo: Demo = { process: child, dashboard: '', chat: '', output };
  running.push(demo);
  await until(() => child.exitCode !== null || output().includes('Ctrl-C'), `the demo to start`);
  expect(child.exitCode, output()).toBe(null);
  demo.dashboard = /Dashboard\s+(\S+)/.exec(output())![1]!;
  demo.chat = /Demo chat\s+(\S+)/.exec(output())![1]!;
  return demo;
}

async function stop(demo: Demo, signal: NodeJS.Signals): Promise<number | null> {
  const child = demo.process;
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

async function read<T>(demo: Demo, path: string): Promise<T> {
  const response = await fetch(`${demo.dashboard}/api${path}`);
  expect(response.status, path).toBe(200);
  return (await response.json()) as T;
}

async function ask(demo: Demo, message: string): Promise<{ run_id: string; text: string }> {
  const response = await fetch(`${demo.chat}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message, user_id: 'you' }),
  });
  return (await response.json()) as { run_id: string; text: string };
}

async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const allRuns = async (demo: Demo) => (await read<RunList>(demo, '/runs?limit=100')).runs;
const named = (runs: RunRow[], name: string) => runs.filter((run) => run.name === name);

test('the first set of traffic is in the API, whole, and the demo stops cleanly while runs are open', async () => {
  const demo = await startDemo();

  // A long run can be watched while it runs.
  await until(
    async () => named(await allRuns(demo), 'market-research')[0]?.running === true,
    'a running run',
  );
  await until(async () => {
    const { run_count, running_count } = await read<Overview>(demo, '/overview');
    return run_count >= 23 && running_count <= 1;
  }, 'the first set');
  const runs = await allRuns(demo);

  const { sessions } = await read<SessionList>(demo, '/sessions?limit=100');
  const talks = sessions.filter(({ conversational, run_count }) => conversational && run_count === 3);
  expect(talks.map(({ user_id }) => user_id).sort()).toEqual(['amara.okafor', 'maya.lindqvist']);
  const maya = talks.find(({ user_id }) => user_id === 'maya.lindqvist')!;
  const thread = await read<SessionThread>(demo, `/sessions/${maya.session_id}`);
  expect(thread.runs.map(({ user_prompt }) => user_prompt?.slice(0, 12))).toEqual([
    'Hi! Where is',
    'I never got ',
    'Got it, than',
  ]);
  expect(thread.runs.every(({ cost_usd }) => (cost_usd ?? 0) > 0)).toBe(true);

  // Parallel tool calls know the step that asked for them; a failed tool is one error in a run that ends well.
  const first = await read<RunDetail>(demo, `/runs/${thread.runs[0]!.run_id}`);
  expect(first.tool_calls.map(({ tool_name }) => tool_name).sort()).toEqual(['find_order', 'track_shipment']);
  expect(new Set(first.tool_calls.map(({ step_id }) => step_id))).toEqual(new Set([first.steps[0]?.step_id]));
  expect(first.steps.at(-1)?.time_to_first_token_ms).toBeGreaterThan(0);
  const recovered = await read<RunDetail>(demo, `/runs/${thread.runs[2]!.run_id}`);
  expect(recovered.run.outcome).toBe('ok');
  expect(recovered.tool_calls.filter(({ outcome }) => outcome === 'error')).toMatchObject([
    { tool_name: 'check_stock' },
  ]);
  await until(
    async () => (await read<RunDetail>(demo, `/runs/${recovered.run.run_id}`)).feedback.length > 0,
    'feedback',
  );

  // A rate limit is one step with two attempts.
  const shipping = runs.find(({ prompt_preview }) => prompt_preview?.includes('Tromsø'));
  const limited = await read<RunDetail>(demo, `/runs/${shipping!.run_id}`);
  expect(limited.steps[0]?.metadata).toMatchObject({ attempts: 2 });

  // An agent that a tool started.
  const expert = named(runs, 'travel-planner').find(({ prompt_preview }) =>
    prompt_preview?.includes('Ask somebody'),
  );
  const nesting = await read<RunDetail>(demo, `/runs/${expert!.run_id}`);
  expect(nesting.runs).toMatchObject([
    { run: { name: 'local-expert', parent_tool_call_id: nesting.tool_calls[0]?.tool_call_id } },
  ]);

  // A batch of independent runs, one of which failed.
  const batch = named(runs, 'review-triage');
  expect(batch).toHaveLength(8);
  expect(batch.filter(({ outcome }) => outcome === 'error')).toHaveLength(1);
  expect(batch.some(({ conversational }) => conversational)).toBe(false);

  // Who leaves in mid-answer leaves what was written so far.
  expect(runs.find(({ outcome }) => outcome === 'cancelled')?.response_preview).toContain(
    'The event loop is what',
  );

  const outcomes = new Set(runs.map(({ outcome }) => outcome));
  for (const outcome of ['ok', 'error', 'cancelled', 'interrupted', 'timed_out'] as const) {
    expect(outcomes).toContain(outcome);
  }
  expect(new Set(runs.flatMap(({ models = [] }) => models)).size).toBeGreaterThanOrEqual(4);

  expect(await stop(demo, 'SIGINT'), demo.output()).toBe(0);
  await expect(fetch(demo.dashboard)).rejects.toThrow();
  await expect(fetch(demo.chat)).rejects.toThrow();
});

test('a second start finds the data of the first, and what was open then is closed', async () => {
  const first = await startDemo();
  await until(async () => named(await allRuns(first), 'market-research').length === 1, 'the long run');
  expect(await stop(first, 'SIGTERM'), first.output()).toBe(0);

  const second = await startDemo();
  const [before] = named(await allRuns(second), 'market-research').toReversed();
  expect(before).toMatchObject({ outcome: 'cancelled', running: false });
  await until(async () => named(await allRuns(second), 'market-research').length === 2, 'runs with new ids');
  expect(await stop(second, 'SIGINT'), second.output()).toBe(0);
});

test('what a developer types into the chat is a run', async () => {
  const demo = await startDemo();
  const page = await (await fetch(demo.chat)).text();
  expect(page).toContain('Demo chat');
  const answer = await ask(demo, 'Is anybody there today?');
  expect(answer.text).toContain('scripted model');
  const close = await ask(demo, 'Please tell me where my order FF-20871 is');
  expect(close.text).toContain('parcel locker');
  await until(
    async () =>
      (await allRuns(demo)).some(({ run_id, user_id }) => run_id === answer.run_id && user_id === 'you'),
    'the typed run',
  );
  const empty = await fetch(`${demo.chat}/chat`, { method: 'POST' });
  expect(empty.status).toBe(400);
  expect(await stop(demo, 'SIGINT'), demo.output()).toBe(0);
});

test('a port that is taken is named together with the way out', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  const { child, output } = launch({ OBSERVATORY_PORT: String(port) });
  await once(child, 'exit');
  blocker.close();
  expect(child.exitCode).toBe(1);
  expect(output()).toContain(`Port ${port}`);
  expect(output()).toContain('OBSERVATORY_PORT');
});

test('a port that is no port is refused with its name', async () => {
  const { child, output } = launch({ OBSERVATORY_PORT: '99999' });
  await once(child, 'exit');
  expect(child.exitCode).toBe(1);
  expect(output()).toContain('OBSERVATORY_PORT is "99999"');
});
