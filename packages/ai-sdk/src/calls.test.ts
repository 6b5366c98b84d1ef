import { captureRuns } from '@observatory/testing';
import { expect, test } from 'vitest';
import { calls } from './calls.js';
import { VERSIONS } from './majors.test.support.js';
import { mockModel } from './mock-model.test.support.js';
import { wrapAISDK } from './wrap-ai-sdk.js';

test('what was called is forgotten, however it ended', async () => {
  const ai = wrapAISDK(await (VERSIONS.at(-1) as (typeof VERSIONS)[number]).load());
  using captured = captureRuns();
  for (let i = 0; i < 600; i++) {
    const controller = new AbortController();
    const { model } = mockModel(7, [i % 2 === 0 ? { text: 'Hi' } : { reject: new Error('refused') }]);
    await ai
      .generateText({ model, prompt: 'Hi', maxRetries: 0, abortSignal: controller.signal })
      .catch(() => {});
    if (i % 100 === 0) captured.clear();
  }
  expect(calls.size).toBeLessThan(300);
});
