import type { IngestReceipt } from '@observatory/core/wire';
import { describe, expect, it } from 'vitest';
import type { RunDetail, RunList } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const START = 1_772_359_200_000_000_000n;

const value = (of: unknown): unknown =>
  typeof of === 'string'
    ? { stringValue: of }
    : typeof of === 'boolean'
      ? { boolValue: of }
      : Array.isArray(of)
        ? { arrayValue: { values: of.map(value) } }
        : // The standard's 64-bit integers are texts; JavaScript's exporter sends numbers. Both occur here.
          { intValue: Number(of) > 100 ? String(of) : of };

const attributes = (of: Record<string, unknown>) =>
  Object.entries(of).map(([key, one]) => ({ key, value: value(one) }));

interface SpanOptions {
  id: string;
  parent?: string;
  trace?: string;
  name?: string;
  at?: number;
  attributes?: Record<string, unknown>;
  error?: string;
}

const span = ({ id, parent, trace = TRACE, name = 'span', at = 0, error, ...rest }: SpanOptions) => ({
  traceId: trace,
  spanId: id,
  ...(parent && { parentSpanId: parent }),
  name,
  startTimeUnixNano: String(START + BigInt(at) * 1_000_000n),
  endTimeUnixNano: String(START + BigInt(at + 5) * 1_000_000n + 123_456n),
  attributes: attributes(rest.attributes ?? {}),
  status: error === undefined ? { code: 0 } : { code: 2, message: error },
});

const request = (scope: string, ...spans: unknown[]) => ({
  resourceSpans: [
    {
      resource: { attributes: attributes({ 'service.version': '1.2.3' }) },
      scopeSpans: [{ scope: { name: scope }, spans }],
    },
  ],
});

async function traces(collector: CollectorFixture, body: unknown): Promise<IngestReceipt> {
  const response = await collector.post('/v1/traces', body);
  expect(response.status).toBe(200);
  return (await response.json()) as IngestReceipt;
}

const details = async (collector: CollectorFixture): Promise<RunDetail[]> => {
  const { runs } = await collector.get<RunList>('/api/runs');
  return Promise.all(runs.map((run) => collector.get<RunDetail>(`/api/runs/${run.run_id}`)));
};

describe('spans of AI SDK 6', () => {
  const call = (id: string, at: number, more: Record<string, unknown>) =>
    span({
      id,
      parent: 'r1',
      at,
      attributes: {
        'ai.operationId': 'ai.streamText.doStream',
        'ai.model.id': 'gpt-4o',
        'ai.model.provider': 'openai.chat',
        'ai.response.model': 'gpt-4o-2024-08-06',
        'ai.prompt.messages': JSON.stringify([
          { role: 'system', content: 'Be nice' },
          { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
        ]),
        'ai.prompt.tools': ['{"type":"function","name":"getWeather"}'],
        'ai.usage.inputTokens': 1000,
        'ai.usage.cachedInputTokens': 200,
        'ai.usage.outputTokens': 50,
        'ai.usage.reasoningTokens': 10,
        'ai.response.msToFirstChunk': 40,
        ...more,
      },
    });
  const body = request(
    'ai',
    call('c1', 1, {
      'ai.response.finishReason': 'tool-calls',
      'ai.response.toolCalls': JSON.stringify([
        { toolCallId: 'call-1', toolName: 'getWeather', input: '{"city":"SF"}' },
      ]),
    }),
    span({
      id: 't1',
      parent: 'r1',
      at: 2,
      attributes: {
        'ai.operationId': 'ai.toolCall',
        'ai.toolCall.name': 'getWeather',
        'ai.toolCall.id': 'call-1',
        'ai.toolCall.args': '{"city":"SF"}',
        'ai.toolCall.result': '{"temp":72}',
      },
    }),
    call('c2', 3, { 'ai.response.finishReason': 'stop', 'ai.response.text': 'It is 72F.' }),
    span({
      id: 'r1',
      attributes: {
        'ai.operationId': 'ai.streamText',
        'ai.telemetry.functionId': 'weather',
        'ai.telemetry.metadata.tcc.sessionId': 'sess-9',
        'ai.telemetry.metadata.tcc.conversational': true,
        'ai.telemetry.metadata.tenant': 'acme',
        'ai.prompt': JSON.stringify({ system: 'Be nice', prompt: 'Weather?' }),
        'ai.response.text': 'It is 72F.',
        'ai.usage.inputTokens': 2000,
      },
    }),
  );

  it('become a run with its steps and tool calls, its usage counted once', async () => {
    const collector = await collectorFixture();
    expect((await traces(collector, body)).rejected).toEqual([]);
    const [detail] = await details(collector);
    expect(detail?.run).toMatchObject({
      run_id: TRACE,
      name: 'weather',
      session_id: 'sess-9',
      conversational: true,
      user_prompt: 'Weather?',
      system_prompt: 'Be nice',
      response: 'It is 72F.',
      outcome: 'ok',
      release: '1.2.3',
      prompt_tokens: 2000,
      cached_tokens: 400,
      completion_tokens: 100,
      reasoning_tokens: 20,
      cost_source: 'price_list',
      metadata: { tenant: 'acme' },
      end_time: '2026-03-01T10:00:00.005123Z',
    });
    expect(detail?.steps).toHaveLength(2);
    expect(detail?.steps[0]).toMatchObject({
      model_requested: 'gpt-4o',
      model_used: 'gpt-4o-2024-08-06',
      prompt_uncached_tokens: 800,
      time_to_first_token_ms: 40,
      messages: [
        { role: 'system', content: 'Be nice' },
        { role: 'user', content: 'Weather?' },
      ],
      output: [
        {
          role: 'assistant',
          tool_calls: [
            { id: 'call-1', type: 'function', function: { name: 'getWeather', arguments: '{"city":"SF"}' } },
          ],
        },
      ],
      tool_definitions: [{ type: 'function', name: 'getWeather' }],
    });
    expect(detail?.tool_calls).toMatchObject([
      {
        tool_call_id: 'call-1',
        step_id: 'c1',
        tool_name: 'getWeather',
        args: '{"city":"SF"}',
        result: '{"temp":72}',
      },
    ]);
  });

  it('are taken once, however often they are sent', async () => {
    const collector = await collectorFixture();
    await traces(collector, body);
    expect(await traces(collector, body)).toMatchObject({ accepted: 0, rejected: [] });
  });

  it('keep two agent calls of one trace apart, and a nested one below its run', async () => {
    const collector = await collectorFixture();
    const run = (id: string, at: number, parent?: string) =>
      span({
        id,
        at,
        ...(parent && { parent }),
        attributes: { 'ai.operationId': 'ai.generateText', 'ai.prompt': `{"prompt":"${id}"}` },
      });
    await traces(
      collector,
      request('ai', run('first', 0, 'http'), run('second', 10, 'http'), run('nested', 1, 'first')),
    );
    const all = await details(collector);
    expect(all.map((detail) => detail.run.user_prompt).sort()).toEqual(['first', 'second']);
    const first = all.find((detail) => detail.run.user_prompt === 'first');
    expect(first?.runs.map((detail) => detail.run.user_prompt)).toEqual(['nested']);
  });

  it('say what failed', async () => {
    const collector = await collectorFixture();
    await traces(
      collector,
      request(
        'ai',
        span({
          id: 'r1',
          error: 'provider 500',
          attributes: { 'ai.operationId': 'ai.generateText', 'ai.prompt': '{"prompt":"x"}' },
        }),
      ),
    );
    const [detail] = await details(collector);
    expect(detail?.run).toMatchObject({
      outcome: 'error',
      status_code: 2,
      status_message: 'provider 500',
      user_prompt: 'x',
    });
  });
});

describe('spans of the GenAI conventions and AI SDK 7', () => {
  it('become a run whose steps are its chats, not the groups around them', async () => {
    const collector = await collectorFixture();
    const input = [{ role: 'user', parts: [{ type: 'text', content: 'Weather?' }] }];
    const answer = [{ role: 'assistant', parts: [{ type: 'text', content: '72F' }], finish_reason: 'stop' }];
    await traces(
      collector,
      request(
        'gen_ai',
        span({
          id: 'chat',
          parent: 'step',
          at: 2,
          attributes: {
            'gen_ai.operation.name': 'chat',
            'gen_ai.provider.name': 'openai',
            'gen_ai.request.model': 'gpt-4o',
            'gen_ai.request.temperature': 1,
            'gen_ai.system_instructions': '[{"type":"text","content":"Be nice"}]',
            'gen_ai.input.messages': JSON.stringify(input),
            'gen_ai.output.messages': JSON.stringify(answer),
            'gen_ai.response.finish_reasons': ['stop'],
            'gen_ai.usage.input_tokens': 30,
            'gen_ai.usage.cache_read.input_tokens': 3,
            'gen_ai.usage.output_tokens': 11,
          },
        }),
        span({ id: 'step', parent: 'agent', at: 1, attributes: { 'gen_ai.operation.name': 'agent_step' } }),
        span({
          id: 'agent',
          attributes: {
            'gen_ai.operation.name': 'invoke_agent',
            'gen_ai.agent.name': 'support',
            'gen_ai.conversation.id': 'conv-1',
            'gen_ai.input.messages': JSON.stringify(input),
            'gen_ai.output.messages': JSON.stringify(answer),
            'gen_ai.usage.input_tokens': 30,
          },
        }),
      ),
    );
    const [detail] = await details(collector);
    expect(detail?.run).toMatchObject({
      name: 'support',
      session_id: 'conv-1',
      conversational: true,
      user_prompt: 'Weather?',
      response: '72F',
      step_count: 1,
      prompt_tokens: 30,
      cached_tokens: 3,
    });
    expect(detail?.steps).toMatchObject([
      {
        step_id: 'chat',
        finish_reason: 'stop',
        parameters: { temperature: 1 },
        messages: [
          { role: 'system', content: 'Be nice' },
          { role: 'user', content: 'Weather?' },
        ],
        output: [{ role: 'assistant', content: '72F' }],
      },
    ]);
  });
});

describe('the traces endpoint', () => {
  it('passes over spans that have nothing to do with agents', async () => {
    const collector = await collectorFixture();
    expect(await traces(collector, request('http', span({ id: 'a', name: 'GET /' })))).toMatchObject({
      accepted: 0,
      rejected: [],
    });
  });

  it.each([
    ['nothing', '', 400],
    ['no JSON', 'nope', 400],
    ['no spans', '{}', 400],
    ['ten thousand levels', `{"resourceSpans":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400],
    [
      'wrong types',
      '{"resourceSpans":[5,{"scopeSpans":7},{"scopeSpans":[{"spans":[null,{"traceId":5}]}]}]}',
      200,
    ],
  ])('answers clearly to %s', async (_, body, status) => {
    const collector = await collectorFixture();
    expect((await collector.post('/v1/traces', body)).status).toBe(status);
  });

  it('says how to send JSON when it gets protobuf', async () => {
    const collector = await collectorFixture();
    const response = await collector.post('/v1/traces', new Uint8Array([10, 0]), {
      'content-type': 'application/x-protobuf',
    });
    expect(response.status).toBe(415);
    expect(await response.text()).toContain('OTEL_EXPORTER_OTLP_PROTOCOL=http/json');
  });
});
