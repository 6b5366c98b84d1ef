import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve as serveNode } from '@hono/node-server';
import { traced } from '@observatory/core';
import { type Captured, captureRuns } from '@observatory/testing';

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

/** The app on @hono/node-server and a free port, and what is recorded meanwhile. */
export async function serve(app: {
  fetch: (request: Request, ...rest: never[]) => Response | Promise<Response>;
}): Promise<TestServer> {
  const captured = captureRuns();
  const server = await new Promise<ReturnType<typeof serveNode>>((resolve) => {
    const made = serveNode({ fetch: app.fetch as never, port: 0, hostname: '127.0.0.1' }, () =>
      resolve(made),
    );
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    captured,
    async [Symbol.asyncDispose]() {
      (server as { closeAllConnections?: () => void }).closeAllConnections?.();
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

/** Resolves when the condition holds. */
export async function eventually(holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > until) throw new Error('The condition did not come to hold in time.');
    await sleep(2);
  }
}
