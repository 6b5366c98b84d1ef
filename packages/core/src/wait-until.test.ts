import { afterEach, describe, expect, it } from 'vitest';
import { createWaitUntil } from './wait-until.js';

const symbols = ['@vercel/request-context', '@next/request-context'].map((name) => Symbol.for(name));
const registry = globalThis as unknown as Record<symbol, unknown>;
afterEach(() => {
  for (const symbol of symbols) delete registry[symbol];
});

describe.each(symbols)('%s', (symbol) => {
  it('is asked, once per request and flush, to wait for what is being delivered', async () => {
    const waits: Promise<unknown>[] = [];
    let request = { waitUntil: (promise: Promise<unknown>) => waits.push(promise) };
    registry[symbol] = { get: () => request };
    let finish!: () => void;
    const wait = createWaitUntil(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    wait();
    wait();
    expect(waits).toHaveLength(1);
    finish();
    await waits[0];
    wait();
    expect(waits).toHaveLength(2);
    request = { waitUntil: (promise) => waits.push(promise) };
    wait();
    expect(waits).toHaveLength(3);
  });

  it('that refuses, or has no request, disturbs nothing', () => {
    const wait = createWaitUntil(() => Promise.resolve());
    registry[symbol] = { get: () => undefined };
    wait();
    registry[symbol] = {
      get: () => ({
        waitUntil() {
          throw new Error('the response was sent');
        },
      }),
    };
    wait();
  });
});

it('no platform, nothing to do', () => {
  let flushed = 0;
  createWaitUntil(async () => flushed++)();
  expect(flushed).toBe(0);
});
