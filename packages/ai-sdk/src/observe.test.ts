import { withRun } from '@observatory/core';
import { recorder } from '@observatory/core/recorder';
import { expect, test } from 'vitest';
import { observe } from './observe.js';
import { everyVersion, WEATHER } from './observed.test.support.js';

everyVersion('a call says whose session, user and agent it is', async (bench) => {
  const { ai, captured } = bench;
  await ai.generateText({
    model: bench.mock([{ text: 'Hi' }]).model,
    prompt: 'Hello',
    [bench.option]: observe({
      sessionId: 's-1',
      userId: 'u-1',
      agent: 'support',
      conversational: true,
      tags: ['beta'],
      metadata: { plan: 'pro', nested: { deep: true } },
    }),
  });
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]).toMatchObject({
    name: 'support',
    session_id: 's-1',
    user_id: 'u-1',
    conversational: true,
    tags: ['beta'],
    metadata: { plan: 'pro', nested: { deep: true }, operation: 'ai.generateText' },
  });
});

everyVersion('calls side by side keep their sessions apart', async (bench) => {
  const { ai, captured } = bench;
  await Promise.all(
    ['a', 'b', 'c'].map((sessionId) =>
      ai
        .streamText({
          model: bench.mock([WEATHER, { text: sessionId }]).model,
          prompt: sessionId,
          tools: { weather: bench.tool(async () => 'clear') },
          stopWhen: bench.steps(2),
          [bench.option]: observe({ sessionId }),
        })
        .consumeStream(),
    ),
  );
  await captured.settled({ runs: 3 });
  for (const run of captured.runs) expect(run.session_id).toBe(run.response);
});

everyVersion('what the call says goes before the scope, and the scope before the request', async (bench) => {
  const { ai, captured } = bench;
  const record = recorder('@observatory/hono/1.0.0');
  // As the middleware opens it: it says who it is when something first happens in it.
  const request = record.openRun({
    parent: null,
    lazy: () => ({ name: 'POST /chat', sessionId: 'request', userId: 'request' }),
  });
  const call = (labels: object) =>
    ai.generateText({
      model: bench.mock([{ text: 'Hi' }]).model,
      prompt: 'Hello',
      [bench.option]: observe(labels),
    });
  await record.within({ run: request }, () => call({ sessionId: 'call', metadata: { plan: 'pro' } }));
  await record.endRun(request);
  await withRun({ name: 'scope', sessionId: 'scope', userId: 'scope' }, () => call({ sessionId: 'call' }));
  await captured.settled({ runs: 2 });
  const [first, second] = captured.runs;
  expect(first).toMatchObject({
    name: 'POST /chat',
    session_id: 'call',
    user_id: 'request',
    metadata: { plan: 'pro' },
  });
  expect(second).toMatchObject({ name: 'scope', session_id: 'call', user_id: 'scope' });
});

everyVersion(
  "an agent takes over a request's run, and is nested in a run that has a name of its own",
  async (bench) => {
    const { ai, captured } = bench;
    const record = recorder('@observatory/hono/1.0.0');
    const call = (agent: string) =>
      ai.generateText({
        model: bench.mock([{ text: agent }]).model,
        prompt: 'Hello',
        [bench.option]: observe({ agent }),
      });
    const request = record.openRun({ parent: null, name: 'POST /chat' });
    await record.within({ run: request }, async () => {
      await call('support');
      await call('support');
      await call('billing');
    });
    await record.endRun(request);
    await withRun({ name: 'pipeline' }, () => call('triage'));
    await captured.settled({ runs: 2 });
    const [first, second] = captured.runs;
    expect(first).toMatchObject({ name: 'support', response: 'support' });
    expect(first?.steps).toHaveLength(2);
    expect(first?.runs.map(({ name }) => name)).toEqual(['billing']);
    expect(second?.name).toBe('pipeline');
    expect(second?.runs.map(({ name }) => name)).toEqual(['triage']);
  },
);

everyVersion('options that are used again are said again, and the SDK gets the rest', async (bench) => {
  const { ai, captured } = bench;
  const shared = observe({ sessionId: 's-1', functionId: 'answer', recordOutputs: false });
  for (const text of ['One', 'Two']) {
    await ai.generateText({ model: bench.mock([{ text }]).model, prompt: text, [bench.option]: shared });
  }
  await captured.settled({ runs: 2 });
  expect(captured.runs).toHaveLength(2);
  for (const run of captured.runs) {
    expect(run).toMatchObject({ session_id: 's-1', name: 'answer' });
    expect(run.response).toBeUndefined();
    expect(run.steps).toHaveLength(1);
  }
});

everyVersion('options that are spread into others still say it', async (bench) => {
  const { ai, captured } = bench;
  const telemetry = { ...observe({ sessionId: 's-1', userId: 'u-1' }), functionId: 'answer' };
  await ai.generateText({
    model: bench.mock([{ text: 'Hi' }]).model,
    prompt: 'Hello',
    [bench.option]: telemetry,
  });
  await captured.settled({ runs: 1 });
  expect(captured.runs).toHaveLength(1);
  expect(captured.runs[0]).toMatchObject({ session_id: 's-1', user_id: 'u-1', name: 'answer' });
  expect(captured.runs[0]?.steps).toHaveLength(1);
});

everyVersion("the SDK's own metadata names session and user as well", async (bench) => {
  const { ai, captured } = bench;
  const named = { sessionId: 's-1', userId: 'u-1', plan: 'pro' };
  await ai.generateText({
    model: bench.mock([{ text: 'Hi' }]).model,
    prompt: 'Hello',
    ...(bench.major === 7
      ? {
          runtimeContext: { ...named, secret: 'x' },
          telemetry: { includeRuntimeContext: { sessionId: true, userId: true, plan: true } },
        }
      : { experimental_telemetry: { metadata: named } }),
  });
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]).toMatchObject({ session_id: 's-1', user_id: 'u-1', metadata: { plan: 'pro' } });
  expect(JSON.stringify(captured.items)).not.toContain('secret');
});

everyVersion('an agent that is used again makes a run each time, under its name', async (bench) => {
  const { ai, captured } = bench;
  const Agent = ai.ToolLoopAgent ?? ai.Experimental_Agent;
  const finished: string[] = [];
  const agent = new Agent({
    id: 'forecaster',
    name: 'forecaster',
    model: bench.mock([WEATHER, { text: 'Sunny' }, WEATHER, { text: 'Rainy' }, { text: 'Streamed' }]).model,
    tools: { weather: bench.tool(async () => 'clear') },
    stopWhen: bench.steps(3),
    onStepFinish: ({ text }: { text: string }) => void finished.push(text),
    [bench.option]: observe({ sessionId: 's-1', ...(bench.major === 7 ? { agent: 'forecaster' } : {}) }),
  });
  expect(agent).toBeInstanceOf(Agent);
  expect((await agent.generate({ prompt: 'One' })).text).toBe('Sunny');
  expect((await agent.generate({ prompt: 'Two' })).text).toBe('Rainy');
  await (await agent.stream({ prompt: 'Three' })).consumeStream();
  await captured.settled({ runs: 3 });
  expect(
    captured.runs.map(({ name, session_id, prompt, response }) => [
      name,
      session_id,
      prompt.user_prompt,
      response,
    ]),
  ).toEqual([
    ['forecaster', 's-1', 'One', 'Sunny'],
    ['forecaster', 's-1', 'Two', 'Rainy'],
    ['forecaster', 's-1', 'Three', 'Streamed'],
  ]);
  expect(captured.runs.map(({ steps, tool_calls }) => [steps.length, tool_calls.length])).toEqual([
    [2, 1],
    [2, 1],
    [1, 0],
  ]);
  expect(captured.runs[0]?.tool_calls[0]).toMatchObject({
    args: '{"city":"Oslo"}',
    result: 'clear',
    outcome: 'ok',
  });
  // The host's own callback is called once a step, as it would be.
  expect(finished).toEqual(['', 'Sunny', '', 'Rainy', 'Streamed']);
});

test('a call with integrations of its own is recorded once on SDK 7', async () => {
  const { VERSIONS } = await import('./majors.test.support.js');
  const { benchOf } = await import('./observed.test.support.js');
  const { captureRuns } = await import('@observatory/testing');
  const { wrapAISDK } = await import('./wrap-ai-sdk.js');
  for (const version of VERSIONS.filter(({ major }) => major === 7)) {
    using captured = captureRuns();
    const bench = benchOf(version, wrapAISDK(await version.load()), captured);
    const seen: unknown[] = [];
    const theirs = { onEnd: (event: unknown) => void seen.push(event) };
    for (const telemetry of [
      { integrations: [theirs] },
      { integrations: theirs },
      observe({ integrations: [theirs] } as object),
    ]) {
      captured.clear();
      await bench.ai.generateText({ model: bench.mock([{ text: 'Hi' }]).model, prompt: 'Hello', telemetry });
      await captured.settled({ runs: 1 });
      expect(captured.runs).toHaveLength(1);
      expect(captured.runs[0]?.steps).toHaveLength(1);
    }
    expect(seen).toHaveLength(3);
  }
});
