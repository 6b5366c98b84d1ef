import { captureRuns } from '@observatory/testing';
import * as ai7 from 'ai';
import * as ai5 from 'ai-5.0.277';
import * as ai6 from 'ai-6.0.326';
import { expect, expectTypeOf, test } from 'vitest';
import { mockModel } from './mock-model.test.support.js';
import { observe } from './observe.js';
import { wrapAISDK } from './wrap-ai-sdk.js';

const labels = { sessionId: 's-1', userId: 'u-1', agent: 'support', metadata: { plan: 'pro' } };

test('the wrapped namespace has the types of the SDK, in each major', () => {
  expectTypeOf(wrapAISDK(ai5)).toEqualTypeOf<typeof ai5>();
  expectTypeOf(wrapAISDK(ai6)).toEqualTypeOf<typeof ai6>();
  expectTypeOf(wrapAISDK(ai7)).toEqualTypeOf<typeof ai7>();
});

test('observe() fits the option of each major, with what else it takes', async () => {
  using captured = captureRuns();
  const five = wrapAISDK(ai5);
  const six = wrapAISDK(ai6);
  const seven = wrapAISDK(ai7);
  const prompt = 'Hi';
  const reply = [{ text: 'Hello' }];
  await five.generateText({
    model: mockModel(5, reply).model as unknown as ai5.LanguageModel,
    prompt,
    experimental_telemetry: observe({ ...labels, functionId: 'f', recordInputs: false }),
  });
  await six.generateText({
    model: mockModel(6, reply).model as unknown as ai6.LanguageModel,
    prompt,
    experimental_telemetry: observe({ ...labels, isEnabled: true }),
  });
  await seven.generateText({
    model: mockModel(7, reply).model as unknown as ai7.LanguageModel,
    prompt,
    telemetry: observe({ ...labels, recordOutputs: true, integrations: [{ onEnd: () => {} }] }),
  });
  const agent = new seven.ToolLoopAgent({
    model: mockModel(7, reply).model as unknown as ai7.LanguageModel,
    telemetry: observe(labels),
  });
  await agent.generate({ prompt });
  await captured.settled({ runs: 4 });
  expect(captured.runs.map(({ session_id }) => session_id)).toEqual(['s-1', 's-1', 's-1', 's-1']);
});
