import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { traced } from '@observatory/core';
import { type Captured, captureRuns } from '@observatory/testing';
import express from 'express';

type Express = typeof express;

const require = createRequire(import.meta.url);

/** Every line of Express that the middleware is for; 5.3 is the first whose router tells what it does. */
export const VERSIONS: { version: string; express: Express; tells: boolean; awaits: boolean }[] = [
  { version: '5.3', express, tells: true, awaits: true },
  { version: '5.0', express: require('express-v5-0') as Express, tells: false, awaits: true },
  { version: '4.22', express: require('express-v4') as Express, tells: false, awaits: false },
];

/** A model call: a step of the run it stands in. Outside any run it would open one of its own, which tests would see. */
export const model = traced(
  async (_prompt: string, answer: string, ms = 1) => {
    await sleep(ms);
    return answer;
  },
  { as: 'step', name: 'gpt-test' },
);

export interface TestServer extends AsyncDisposable {
  url: string;
  port: number;
  captured: Captured;
}

/** A real server on a free port, and what is recorded meanwhile. */
export async function serve(app: RequestListener): Promise<TestServer> {
  const captured = captureRuns();
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    captured,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      // What still settles would be captured by the next test.
      await captured.settled();
      captured.restore();
    },
  };
}

export const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

export interface RawClient {
  socket: Socket;
  /** Everything received so far. */
  received(): string;
  /** Resolves when what was received matches. */
  until(pattern: RegExp): Promise<string>;
}

/** A client that controls its own bytes. */
export async function rawClient(port: number, request: string): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  const waiting = new Set<() => void>();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (const look of waiting) look();
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write(request);
  return {
    socket,
    received: () => text,
    until: (pattern) =>
      new Promise((resolve) => {
        const look = () => {
          if (!pattern.test(text)) return;
          waiting.delete(look);
          resolve(text);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** A promise that a test resolves from outside. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Resolves when the condition holds. */
export async function eventually(holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > until) throw new Error('The condition did not come to hold in time.');
    await sleep(2);
  }
}
