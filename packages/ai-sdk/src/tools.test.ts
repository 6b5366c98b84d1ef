import { expect } from 'vitest';
import { since } from './majors.test.support.js';
import { type Bench, everyVersion, tree, WEATHER } from './observed.test.support.js';

everyVersion("the provider's own tools are hosted tool calls with their results", async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([
    {
      text: 'Found it',
      toolCalls: [{ id: 'w1', name: 'web_search', input: { q: 'oslo' }, providerExecuted: true }],
      parts: [
        {
          type: 'tool-result',
          toolCallId: 'w1',
          toolName: 'web_search',
          result: { hits: 3 },
          providerExecuted: true,
        },
      ],
    },
  ]);
  const tools = { web_search: providerTool(bench) };
  await ai.streamText({ model, prompt: 'Search', tools }).consumeStream();
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual([
    'run streamText ok',
    '  step mock-1 stop 10/5 ok',
    '    tool web_search ok',
  ]);
  expect(captured.runs[0]?.tool_calls[0]).toMatchObject({
    tool_call_id: 'w1',
    kind: 'hosted',
    args: '{"q":"oslo"}',
    result: '{"hits":3}',
  });
});

/** A tool that the provider executes. */
const providerTool = ({ ai, major }: Bench) => ({
  type: major === 5 ? 'provider-defined' : 'provider',
  id: 'mock.web_search',
  name: 'web_search',
  args: {},
  supportsDeferredResults: true,
  inputSchema: ai.jsonSchema({ type: 'object' }),
});

everyVersion(
  "a hosted tool's result may come in a later step",
  async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([
      {
        toolCalls: [
          { id: 'w1', name: 'web_search', input: { q: 'oslo' }, providerExecuted: true },
          { id: 'c1', name: 'weather' },
        ],
      },
      {
        text: 'Both',
        parts: [
          {
            type: 'tool-result',
            toolCallId: 'w1',
            toolName: 'web_search',
            result: { hits: 3 },
            providerExecuted: true,
          },
        ],
      },
    ]);
    await ai.generateText({
      model,
      prompt: 'Search',
      tools: { web_search: providerTool(bench), weather: bench.tool(async () => 'clear') },
      stopWhen: bench.steps(3),
    });
    await captured.settled({ runs: 1 });
    expect(tree(captured.runs[0])).toEqual(
      [
        'run generateText ok',
        '  step mock-1 tool-calls 10/5 ok',
        '    tool web_search ok',
        '    tool weather ok',
        '  step mock-1 stop 10/5 ok',
      ].sort(byToolOrder(captured.runs[0]?.tool_calls.map(({ tool_name }) => tool_name) ?? [])),
    );
    expect(captured.runs[0]?.tool_calls.find(({ tool_name }) => tool_name === 'web_search')?.result).toBe(
      '{"hits":3}',
    );
  },
  ({ version }) => since(version, '6.0.0'),
);

/** Tool calls of one step stand in the order they were started. */
const byToolOrder = (names: string[]) => (a: string, b: string) => {
  const [x, y] = [a, b].map((line) => names.findIndex((name) => line.includes(`tool ${name} `)));
  return x === undefined || y === undefined || x < 0 || y < 0 ? 0 : x - y;
};

everyVersion('a tool of the client waits for it: the run is interrupted, not failed', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ toolCalls: [{ id: 'c1', name: 'confirm', input: { sure: true } }] }]);
  const result = ai.streamText({
    model,
    prompt: 'Delete',
    tools: { confirm: bench.tool() },
    stopWhen: bench.steps(3),
  });
  await result.consumeStream();
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual([
    'run streamText interrupted',
    '  step mock-1 tool-calls 10/5 ok',
    '    tool confirm interrupted',
  ]);
  expect(captured.runs[0]?.tool_calls[0]).toMatchObject({
    args: '{"sure":true}',
    metadata: { waits_for: 'client' },
  });
  expect(captured.runs[0]?.status_code).toBe(0);
});

everyVersion(
  'bad arguments and unknown tools are failed tool calls in a run that goes on',
  async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([
      {
        toolCalls: [
          { id: 'c1', name: 'weather', input: '{"city": broken' },
          { id: 'c2', name: 'unknown' },
        ],
      },
      { text: 'Sorry' },
    ]);
    await ai
      .streamText({
        model,
        prompt: 'Weather?',
        tools: { weather: bench.tool(async () => 'clear') },
        stopWhen: bench.steps(3),
        onError: () => {},
      })
      .consumeStream({ onError: () => {} });
    await captured.settled({ runs: 1 });
    const [run] = captured.runs;
    expect(run?.tool_calls.map(({ tool_name, outcome }) => [tool_name, outcome])).toEqual([
      ['weather', 'error'],
      ['unknown', 'error'],
    ]);
    expect(run?.tool_calls.map(({ step_id }) => step_id)).toEqual([
      run?.steps[0]?.step_id,
      run?.steps[0]?.step_id,
    ]);
    // 5.0.0 throws at both; later versions tell the model.
  },
  ({ version }) => since(version, '5.0.277'),
);

everyVersion('a failure that an MCP server returns as a result is a failed tool call', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([WEATHER, { text: 'Sorry' }]);
  await ai.generateText({
    model,
    prompt: 'Weather?',
    tools: {
      weather: bench.tool(async () => ({ isError: true, content: [{ type: 'text', text: 'no such city' }] })),
    },
    stopWhen: bench.steps(3),
  });
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])[2]).toBe('    tool weather error "no such city"');
  expect(captured.runs[0]?.tool_calls[0]?.result).toContain('isError');
});

everyVersion(
  'an approval interrupts the run; resumed, the approved tool is executed before the first step',
  async (bench) => {
    const { ai, captured } = bench;
    const tools = {
      remove: Object.assign(bench.tool(async () => 'removed') as object, { needsApproval: true }),
    };
    const messages: Record<string, unknown>[] = [{ role: 'user', content: 'Delete it' }];
    const first = await ai.generateText({
      model: bench.mock([{ toolCalls: [{ id: 'c1', name: 'remove', input: { id: 7 } }] }]).model,
      messages,
      tools,
      stopWhen: bench.steps(3),
    });
    await captured.settled({ runs: 1 });
    expect(tree(captured.runs[0])).toEqual([
      'run generateText interrupted',
      '  step mock-1 tool-calls 10/5 ok',
      '    tool remove interrupted',
    ]);
    expect(captured.runs[0]?.tool_calls[0]?.metadata).toMatchObject({ waits_for: 'approval' });
    const request = (first.content as { type: string; approvalId: string }[]).find(
      ({ type }) => type === 'tool-approval-request',
    );
    const decide = (approved: boolean) => [
      ...messages,
      ...first.response.messages,
      {
        role: 'tool',
        content: [
          { type: 'tool-approval-response', approvalId: request?.approvalId, approved, reason: 'because' },
        ],
      },
    ];

    captured.clear();
    await ai.generateText({
      model: bench.mock([{ text: 'Gone' }]).model,
      messages: decide(true),
      tools,
      stopWhen: bench.steps(3),
    });
    await captured.settled({ runs: 1 });
    expect(tree(captured.runs[0])).toEqual([
      'run generateText ok',
      '  step mock-1 stop 10/5 ok',
      '  tool remove ok',
    ]);
    expect(captured.runs[0]?.tool_calls[0]).toMatchObject({
      tool_call_id: 'c1',
      args: '{"id":7}',
      result: 'removed',
    });

    captured.clear();
    await ai.generateText({
      model: bench.mock([{ text: 'Kept' }]).model,
      messages: decide(false),
      tools,
      stopWhen: bench.steps(3),
    });
    await captured.settled({ runs: 1 });
    expect(tree(captured.runs[0])).toEqual([
      'run generateText ok',
      '  step mock-1 stop 10/5 ok',
      '  tool remove cancelled',
    ]);
    expect(captured.runs[0]?.tool_calls[0]).toMatchObject({
      tool_call_id: 'c1',
      args: '{"id":7}',
      metadata: { approval: 'denied', reason: 'because' },
    });
  },
  ({ version }) => since(version, '6.0.110'),
);

everyVersion(
  'a model that counts its calls from 0 in every answer still makes different calls',
  async (bench) => {
    const { ai, captured } = bench;
    const { model } = bench.mock([
      { toolCalls: [{ id: 'weather:0', name: 'weather', input: { city: 'Oslo' } }] },
      { toolCalls: [{ id: 'weather:0', name: 'weather', input: { city: 'Rome' } }] },
      { text: 'Done' },
    ]);
    await ai
      .streamText({
        model,
        prompt: 'Weather?',
        tools: { weather: bench.tool(async ({ city }: { city: string }) => `${city}: clear`) },
        stopWhen: bench.steps(4),
      })
      .consumeStream();
    await captured.settled({ runs: 1 });
    const [run] = captured.runs;
    expect(run?.tool_calls.map(({ tool_call_id, args, result }) => [tool_call_id, args, result])).toEqual([
      ['weather:0', '{"city":"Oslo"}', 'Oslo: clear'],
      ['weather:0#2', '{"city":"Rome"}', 'Rome: clear'],
    ]);
  },
);

everyVersion('tools of classes keep their this, frozen and private ones included', async (bench) => {
  const { ai, captured } = bench;
  class Forecast {
    readonly #sky = 'clear';
    readonly description = 'The weather';
    readonly inputSchema = ai.jsonSchema({ type: 'object' });
    execute(): string {
      return this.#sky;
    }
  }
  const { model } = bench.mock([WEATHER, { text: 'Sunny' }]);
  const result = await ai.generateText({
    model: Object.freeze(model),
    prompt: 'Weather?',
    tools: Object.freeze({ weather: Object.freeze(new Forecast()) }),
    stopWhen: bench.steps(3),
  });
  expect(result.text).toBe('Sunny');
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]?.steps).toHaveLength(2);
  // 5.0.0 itself calls tools without their this.
  if (since(bench.version, '5.0.277')) expect(captured.runs[0]?.tool_calls[0]?.result).toBe('clear');
});

everyVersion('a model with private fields is asked as it is', async (bench) => {
  const { ai, captured } = bench;
  const { model } = bench.mock([{ text: 'Private' }]);
  class Private {
    readonly specificationVersion = model.specificationVersion;
    readonly provider = 'private';
    readonly supportedUrls = {};
    readonly #id = 'secret-1';
    readonly #inner = model as { doGenerate(request: unknown): unknown; doStream(request: unknown): unknown };
    get modelId(): string {
      return this.#id;
    }
    doGenerate(request: unknown) {
      return this.#inner.doGenerate(request);
    }
    doStream(request: unknown) {
      return this.#inner.doStream(request);
    }
  }
  const result = await ai.generateText({ model: new Private(), prompt: 'Hi' });
  expect(result.text).toBe('Private');
  await captured.settled({ runs: 1 });
  expect(captured.runs[0]?.steps[0]?.model_requested).toBe('secret-1');
});

everyVersion('whatever a tool returns is recorded and handed on', async (bench) => {
  const { ai, captured } = bench;
  const circular: Record<string, unknown> = { name: 'loop', big: 7n, when: new Date(0) };
  circular.self = circular;
  const { model } = bench.mock([WEATHER, { text: 'Done' }]);
  let failed: unknown;
  await ai
    .generateText({
      model,
      prompt: 'Go',
      tools: { weather: bench.tool(async () => circular) },
      stopWhen: bench.steps(2),
    })
    .catch((error) => {
      failed = error;
    });
  await captured.settled({ runs: 1 });
  const [call] = captured.runs[0]?.tool_calls ?? [];
  expect(call?.result).toContain('"name":"loop"');
  expect(call?.result).toContain('[circular]');
  // Whether the SDK can send that to a model is its own affair.
  expect(captured.runs[0]?.outcome).toBe(failed === undefined ? 'ok' : 'error');
});
