import { captureRuns } from '@observatory/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { instrumentAISDK } from './instrument-ai-sdk.js';
import { VERSIONS } from './majors.test.support.js';
import { mockModel } from './mock-model.test.support.js';

const registry = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };
const newest = VERSIONS.at(-1) as (typeof VERSIONS)[number];

afterEach(() => {
  registry.AI_SDK_TELEMETRY_INTEGRATIONS = [];
});

test('registering again changes nothing, from a second copy of this package either', async () => {
  instrumentAISDK();
  instrumentAISDK();
  vi.resetModules();
  const copy = await import('./instrument-ai-sdk.js');
  expect(copy.instrumentAISDK).not.toBe(instrumentAISDK);
  copy.instrumentAISDK();
  expect(registry.AI_SDK_TELEMETRY_INTEGRATIONS).toHaveLength(1);
});

test('it stands beside the integrations of the host and leaves them alone', async () => {
  const ai = await newest.load();
  const ends: unknown[] = [];
  ai.registerTelemetry({ onEnd: (event: unknown) => void ends.push(event) });
  const takeBack = instrumentAISDK();
  using captured = captureRuns();
  await ai.generateText({ model: mockModel(7, [{ text: 'Hi' }]).model, prompt: 'Hello' });
  await captured.settled({ runs: 1 });
  expect(ends).toHaveLength(1);
  takeBack();
  expect(registry.AI_SDK_TELEMETRY_INTEGRATIONS).toHaveLength(1);
  captured.clear();
  await ai.generateText({ model: mockModel(7, [{ text: 'Hi' }]).model, prompt: 'Hello' });
  expect(captured.items).toEqual([]);
  expect(ends).toHaveLength(2);
});

test('SDK 6, which keeps its integrations in the same list, is not disturbed', async () => {
  instrumentAISDK();
  using captured = captureRuns();
  for (const { major, load } of VERSIONS.filter(({ major }) => major === 6)) {
    const ai = await load();
    const result = await ai.generateText({
      model: mockModel(major, [{ text: 'Hi' }]).model,
      prompt: 'Hello',
    });
    expect(result.text).toBe('Hi');
  }
  expect(captured.items).toEqual([]);
});
