import {
  type CapturedRun,
  captureRuns,
  type ModelServer,
  modelServer,
  type Script,
} from '@observatory/testing';
import type OpenAI from 'openai';
import type { Sdk } from './majors.test.support.js';
import { wrapOpenAI } from './wrap-openai.js';

/** What a scenario gets: a client of one major, bare or wrapped, and the server it talks to. */
export interface Stage {
  OpenAI: Sdk;
  client: OpenAI;
  server: ModelServer;
  /** What the process heard of rejections nobody handled. */
  unhandled: readonly string[];
  /** Wraps when the scenario runs wrapped, for scenarios that make clients of their own. */
  wrap: <T extends object>(client: T) => T;
}

/** Something a host does with a client. Run bare and wrapped, it must give the same. */
export interface Scenario {
  name: string;
  script?: () => Script;
  /** Majors that cannot do this. */
  not?: readonly string[];
  options?: Record<string, unknown>;
  /** Returns, as plain data, everything a host could see. */
  play(stage: Stage): Promise<unknown>;
  /** Asserts on what was recorded; by default, that something was. */
  recorded?(runs: CapturedRun[]): void;
  /** What stays open or is closed by no event is looked at as it is. */
  unsettled?: boolean;
}

export interface Played {
  seen: unknown;
  requests: unknown[];
  unhandled: string[];
  runs: CapturedRun[];
}

const SETTLED_WITHIN_MS = 10_000;

/** Lets microtasks, timers and sockets of the last step come through. */
export const turn = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a condition; a busy machine may take its time. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${condition}.`);
    await turn();
  }
}

export async function play(scenario: Scenario, OpenAI: Sdk, wrapped: boolean): Promise<Played> {
  const server = await modelServer(scenario.script?.());
  const captured = captureRuns();
  const unhandled: string[] = [];
  // The runner would fail the test at once; here the number of unhandled rejections is part of what is compared.
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const listener = (error: unknown) => void unhandled.push(describeError(error));
  process.on('unhandledRejection', listener);
  try {
    const wrap = <T extends object>(client: T) => (wrapped ? wrapOpenAI(client) : client);
    const client = wrap(new OpenAI({ ...server.clientOptions, maxRetries: 0, ...scenario.options }));
    let seen: unknown;
    try {
      seen = await scenario.play({ OpenAI, client, server, wrap, unhandled });
    } catch (error) {
      seen = { threw: describeError(error) };
    }
    await turn();
    // Streams of earlier scenarios that are collected only now belong to runs that began elsewhere.
    const own = () => captured.runs.filter(({ start_time }) => start_time !== '');
    if (wrapped && !scenario.unsettled) await settled(own);
    const requests = server.requests.map(({ method, url, headers, rawBody }) => ({
      method,
      url,
      headers: { ...headers, host: undefined },
      rawBody,
    }));
    return { seen: timeless(seen), requests, unhandled, runs: wrapped ? own() : [] };
  } finally {
    process.off('unhandledRejection', listener);
    for (const other of others) process.on('unhandledRejection', other);
    captured.restore();
    await server.close();
  }
}

async function settled(runs: () => CapturedRun[]): Promise<void> {
  const ended = () =>
    runs().every((run) => [run, ...run.steps].every(({ end_time }) => end_time !== undefined));
  await until(ended);
}

/** Two plays happen at two times; what the server says of the time is not compared. */
function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value === 'string')
    return value.replace(/"(created|created_at|completed_at|expires_at)":\d+/g, '"$1":0');
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      /^(?:created|created_at|completed_at|expires_at)$/.test(key) && typeof member === 'number'
        ? 0
        : timeless(member),
    ]),
  );
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { status, code } = error as { status?: unknown; code?: unknown };
  return [error.constructor.name, status, code, error.message].filter((part) => part != null).join(' | ');
}

/** Plain data of a value the client gave: what JSON shows, and the id it hides. */
export const plain = (value: unknown) => ({
  json: JSON.parse(JSON.stringify(value ?? null)) as unknown,
  requestId: (value as { _request_id?: unknown } | undefined)?._request_id,
});

export const chat = (content = 'Hi') => ({
  model: 'gpt-5',
  messages: [{ role: 'user' as const, content }],
});

/** All chunks of a stream. */
export async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
