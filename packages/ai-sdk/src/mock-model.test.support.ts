import type { Major, Options } from './majors.test.support.js';

export interface MockUsage {
  input?: number;
  cached?: number;
  output?: number;
  reasoning?: number;
}

/** What a mock model answers to one request. */
export interface MockReply {
  text?: string | string[];
  reasoning?: string;
  toolCalls?: { id: string; name: string; input?: unknown; providerExecuted?: boolean }[];
  /** Parts as they are, after the tool calls: results of the provider's own tools, files, … */
  parts?: Options[];
  finishReason?: string;
  usage?: MockUsage | null;
  modelId?: string;
  /** The request is refused. */
  reject?: unknown;
  /** An error part in the middle of the stream. */
  errorPart?: unknown;
  /** The stream breaks off with this after its parts. */
  throws?: unknown;
  /** The stream ends without a finish part. */
  truncated?: boolean;
  /** The stream has nothing at all. */
  empty?: boolean;
  /** After its parts the stream stays open until the request is aborted. */
  hangs?: boolean;
}

export interface MockModel {
  model: Options;
  /** The options of each request. */
  requests: Options[];
  /** Parts that were pulled from the stream of each request. */
  pulled: number[];
  /** Streams that were cancelled. */
  cancelled: unknown[];
}

type Reply = MockReply | ((request: Options) => MockReply | Promise<MockReply>);

const SPECIFICATION = { 5: 'v2', 6: 'v3', 7: 'v4' } as const;

/** A language model of a major's own specification that answers by script. */
export function mockModel(
  major: Major,
  replies: Reply[],
  options: { modelId?: string; provider?: string } = {},
): MockModel {
  const { modelId = 'mock-1', provider = 'mock.chat' } = options;
  let turn = 0;
  const mock: MockModel = { model: {}, requests: [], pulled: [], cancelled: [] };
  const next = async (request: Options): Promise<MockReply> => {
    mock.requests.push(request);
    const reply = replies[Math.min(turn++, replies.length - 1)] ?? {};
    const given = typeof reply === 'function' ? await reply(request) : reply;
    if (given.reject !== undefined) throw given.reject;
    return given;
  };
  const response = (reply: MockReply) => ({
    id: `response-${turn}`,
    modelId: reply.modelId ?? modelId,
    timestamp: new Date(0),
  });
  mock.model = {
    specificationVersion: SPECIFICATION[major],
    provider,
    modelId,
    supportedUrls: {},
    doGenerate: async (request: Options) => {
      const reply = await next(request);
      return {
        content: contentOf(reply),
        finishReason: finishReason(major, reply),
        usage: usageOf(major, reply.usage),
        warnings: [],
        request: { body: '{"mock":true}' },
        response: response(reply),
      };
    },
    doStream: async (request: Options) => {
      const reply = await next(request);
      const parts = reply.empty
        ? []
        : [
            { type: 'stream-start', warnings: [] },
            { type: 'response-metadata', ...response(reply) },
            ...streamParts(reply),
          ];
      if (!reply.truncated && !reply.empty && reply.throws === undefined && !reply.hangs) {
        parts.push({
          type: 'finish',
          finishReason: finishReason(major, reply),
          usage: usageOf(major, reply.usage),
        });
      }
      return { stream: streamOf(mock, parts, reply, request), request: { body: '{"mock":true}' } };
    },
  };
  return mock;
}

function streamOf(
  mock: MockModel,
  parts: Options[],
  reply: MockReply,
  request: Options,
): ReadableStream<Options> {
  const index = mock.pulled.push(0) - 1;
  const signal = request.abortSignal as AbortSignal | undefined;
  let at = 0;
  return new ReadableStream<Options>(
    {
      pull(controller) {
        if (signal?.aborted) {
          controller.error(signal.reason);
          return;
        }
        const part = parts[at++];
        if (part) {
          mock.pulled[index] = (mock.pulled[index] ?? 0) + 1;
          controller.enqueue(part);
          return;
        }
        if (reply.throws !== undefined) controller.error(reply.throws);
        else if (reply.hangs) {
          return new Promise<void>((resolve) => {
            const abort = () => {
              controller.error(signal?.reason);
              resolve();
            };
            if (signal?.aborted) abort();
            else signal?.addEventListener('abort', abort, { once: true });
          });
        } else controller.close();
        return;
      },
      cancel(reason) {
        mock.cancelled.push(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

const texts = (reply: MockReply): string[] => (reply.text === undefined ? [] : [reply.text].flat());

const toolCall = ({
  id,
  name,
  input = {},
  providerExecuted,
}: NonNullable<MockReply['toolCalls']>[number]) => ({
  type: 'tool-call',
  toolCallId: id,
  toolName: name,
  input: typeof input === 'string' ? input : JSON.stringify(input),
  ...(providerExecuted ? { providerExecuted } : {}),
});

function contentOf(reply: MockReply): Options[] {
  const content: Options[] = [];
  if (reply.reasoning) content.push({ type: 'reasoning', text: reply.reasoning });
  const text = texts(reply).join('');
  if (text !== '') content.push({ type: 'text', text });
  content.push(...(reply.toolCalls ?? []).map(toolCall), ...(reply.parts ?? []));
  return content;
}

function streamParts(reply: MockReply): Options[] {
  const parts: Options[] = [];
  if (reply.reasoning) {
    parts.push(
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: reply.reasoning },
      { type: 'reasoning-end', id: 'r' },
    );
  }
  const deltas = texts(reply);
  if (deltas.length > 0) {
    parts.push({ type: 'text-start', id: 't' });
    for (const delta of deltas) parts.push({ type: 'text-delta', id: 't', delta });
    if (!reply.hangs && reply.throws === undefined) parts.push({ type: 'text-end', id: 't' });
  }
  parts.push(...(reply.toolCalls ?? []).map(toolCall), ...(reply.parts ?? []));
  if (reply.errorPart !== undefined) parts.push({ type: 'error', error: reply.errorPart });
  return parts;
}

function finishReason(major: Major, reply: MockReply): unknown {
  const unified =
    reply.finishReason ??
    (reply.errorPart !== undefined
      ? 'error'
      : reply.toolCalls?.some((call) => !call.providerExecuted)
        ? 'tool-calls'
        : 'stop');
  return major === 5 ? unified : { unified, raw: unified };
}

export function usageOf(major: Major, usage: MockUsage | null = { input: 10, output: 5 }): Options {
  const { input, cached, output, reasoning } = usage ?? {};
  if (major === 5) {
    return {
      inputTokens: input,
      outputTokens: output,
      totalTokens: input === undefined || output === undefined ? undefined : input + output,
      cachedInputTokens: cached,
      reasoningTokens: reasoning,
    };
  }
  return {
    inputTokens: {
      total: input,
      noCache: input === undefined ? undefined : input - (cached ?? 0),
      cacheRead: cached,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : output - (reasoning ?? 0),
      reasoning,
    },
  };
}
