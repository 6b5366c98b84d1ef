import type { Message } from '@observatory/core/wire';
import { lastText, parse, readInstructions, readMessages } from './otlp-messages.js';
import type { Span } from './otlp-span.js';

/** What a span is in our model; `group` is only there to hold others together. */
export type SpanRole = 'run' | 'step' | 'tool_call' | 'group';

/** What a dialect of GenAI spans says, in the wire's words. */
export interface Dialect {
  role(span: Span): SpanRole | undefined;
  run(span: Span): Record<string, unknown>;
  step(span: Span): StepReading;
  toolCall(span: Span): Record<string, unknown>;
}

export interface StepReading {
  fields: Record<string, unknown>;
  messages: Message[] | undefined;
  output: Message[] | undefined;
}

const text = (span: Span, ...names: string[]): string | undefined => {
  for (const name of names) {
    const value = span.attributes.get(name) ?? span.resource.get(name);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
};

const number = (span: Span, ...names: string[]): number | undefined => {
  for (const name of names) {
    const value = span.attributes.get(name);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
  }
  return undefined;
};

/** Attributes below a prefix, without it. */
function below(span: Span, prefix: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of span.attributes)
    if (name.startsWith(prefix)) found[name.slice(prefix.length)] = value;
  return found;
}

const filled = (values: Record<string, unknown>): Record<string, unknown> | undefined =>
  Object.keys(values).length > 0 ? values : undefined;

/** Both conventions count cached tokens into the input; ours are disjoint, and never negative. */
function disjointTokens(input: number | undefined, cached: number | undefined, written: number | undefined) {
  return {
    prompt_uncached_tokens:
      input === undefined ? undefined : Math.max(0, input - (cached ?? 0) - (written ?? 0)),
    prompt_cached_tokens: cached,
    cache_write_tokens: written,
  };
}

/** What a run can say about itself in any dialect: the seed product's reserved keys first. */
function identity(span: Span, metadata: Record<string, unknown>) {
  const of = (...names: string[]) =>
    names.map((name) => metadata[name]).find((value) => typeof value === 'string');
  const conversation = text(span, 'gen_ai.conversation.id');
  const own = Object.fromEntries(Object.entries(metadata).filter(([name]) => !name.startsWith('tcc.')));
  return {
    session_id:
      of('tcc.sessionId') ?? conversation ?? text(span, 'session.id') ?? of('sessionId', 'session_id'),
    conversational: metadata['tcc.conversational'] ?? (conversation === undefined ? undefined : true),
    user_id: of('tcc.userId') ?? text(span, 'user.id', 'enduser.id') ?? of('userId', 'user_id'),
    environment: text(span, 'deployment.environment.name', 'deployment.environment'),
    release: text(span, 'service.version'),
    metadata: filled(own),
  };
}

const AI_SDK_RUNS = /^ai\.(generateText|streamText|generateObject|streamObject|embed|embedMany)$/;
const AI_SDK_STEPS = /\.do(Generate|Stream|Embed)$/;

/** Vercel AI SDK up to 6 (scope `ai`). Usage stands on the run's span and on its steps': only the steps' is counted. */
const aiSdk: Dialect = {
  role(span) {
    const operation = text(span, 'ai.operationId');
    if (operation === undefined) return undefined;
    if (AI_SDK_RUNS.test(operation)) return 'run';
    if (AI_SDK_STEPS.test(operation)) return 'step';
    return operation === 'ai.toolCall' ? 'tool_call' : 'group';
  },
  run(span) {
    const metadata = below(span, 'ai.telemetry.metadata.');
    const raw = text(span, 'ai.prompt');
    const prompt = parse(raw) as { system?: unknown; prompt?: unknown; messages?: unknown } | undefined;
    const messages = readMessages(
      prompt?.messages ?? (Array.isArray(prompt?.prompt) ? prompt.prompt : undefined),
    );
    return {
      ...identity(span, metadata),
      name: text(span, 'ai.telemetry.functionId') ?? metadata['tcc.agent'],
      prompt: {
        user_prompt: typeof prompt?.prompt === 'string' ? prompt.prompt : lastText(messages, 'user'),
        system_prompt: typeof prompt?.system === 'string' ? prompt.system : lastText(messages, 'system'),
        // The whole conversation, where the prompt is more than one text.
        full_input: messages ? raw : undefined,
      },
      response: text(span, 'ai.response.text', 'ai.response.object'),
    };
  },
  step(span) {
    const answer = text(span, 'ai.response.text', 'ai.response.object') ?? '';
    const calls = parse(text(span, 'ai.response.toolCalls'));
    const toolCalls = Array.isArray(calls)
      ? readMessages([{ role: 'assistant', parts: calls.map(asPart) }])
      : undefined;
    const tools = span.attributes.get('ai.prompt.tools');
    const output: Message | undefined =
      answer !== '' || toolCalls ? { ...toolCalls?.[0], role: 'assistant', content: answer } : undefined;
    return {
      messages: readMessages(text(span, 'ai.prompt.messages')),
      output: output && [output],
      fields: {
        response: answer !== '' ? answer : text(span, 'ai.response.toolCalls'),
        model_requested: text(span, 'ai.model.id', 'gen_ai.request.model'),
        model_used: text(span, 'ai.response.model', 'gen_ai.response.model'),
        provider: text(span, 'ai.model.provider', 'gen_ai.system'),
        finish_reason: text(span, 'ai.response.finishReason'),
        ...disjointTokens(
          number(
            span,
            'ai.usage.inputTokens',
            'ai.usage.promptTokens',
            'ai.usage.tokens',
            'gen_ai.usage.input_tokens',
          ),
          number(span, 'ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens'),
          number(span, 'ai.usage.inputTokenDetails.cacheWriteTokens'),
        ),
        completion_tokens: number(
          span,
          'ai.usage.outputTokens',
          'ai.usage.completionTokens',
          'gen_ai.usage.output_tokens',
        ),
        reasoning_tokens: number(
          span,
          'ai.usage.outputTokenDetails.reasoningTokens',
          'ai.usage.reasoningTokens',
        ),
        time_to_first_token_ms: number(span, 'ai.response.msToFirstChunk'),
        tool_definitions: Array.isArray(tools) ? `[${tools.join(',')}]` : undefined,
        parameters: filled(below(span, 'ai.settings.')),
        metadata: filled({
          ...(text(span, 'ai.response.id') && { response_id: text(span, 'ai.response.id') }),
        }),
      },
    };
  },
  toolCall: (span) => ({
    tool_call_id: text(span, 'ai.toolCall.id'),
    tool_name: text(span, 'ai.toolCall.name'),
    args: text(span, 'ai.toolCall.args'),
    result: text(span, 'ai.toolCall.result'),
  }),
};

const asPart = (call: Record<string, unknown>) => ({ ...call, type: 'tool-call' });

const GEN_AI_ROLES: Record<string, SpanRole> = {
  invoke_agent: 'run',
  invoke_workflow: 'run',
  chat: 'step',
  generate_content: 'step',
  text_completion: 'step',
  embeddings: 'step',
  execute_tool: 'tool_call',
  agent_step: 'group', // AI SDK 7: holds one chat and its tools
};

/** OpenTelemetry's GenAI conventions, which AI SDK 7 speaks too. Usage of agent spans repeats their steps': it is left out. */
const genAi: Dialect = {
  role: (span) => GEN_AI_ROLES[text(span, 'gen_ai.operation.name') ?? ''],
  run(span) {
    const metadata = { ...below(span, 'ai.settings.context.'), ...below(span, 'ai.telemetry.metadata.') };
    const input = readMessages(text(span, 'gen_ai.input.messages'));
    const output = readMessages(text(span, 'gen_ai.output.messages'));
    return {
      ...identity(span, metadata),
      name: text(span, 'gen_ai.agent.name', 'gen_ai.workflow.name') ?? metadata['tcc.agent'],
      prompt: {
        user_prompt: lastText(input, 'user'),
        system_prompt:
          readInstructions(text(span, 'gen_ai.system_instructions'))?.content ?? lastText(input, 'system'),
      },
      response: lastText(output, 'assistant'),
    };
  },
  step(span) {
    const system = readInstructions(text(span, 'gen_ai.system_instructions'));
    const input = readMessages(text(span, 'gen_ai.input.messages'));
    const output = readMessages(text(span, 'gen_ai.output.messages'));
    const reasons = span.attributes.get('gen_ai.response.finish_reasons');
    const seconds = number(span, 'gen_ai.response.time_to_first_chunk');
    const calls = output?.find((message) => message.tool_calls)?.tool_calls;
    return {
      messages: input && (system ? [system, ...input] : input),
      output,
      fields: {
        response: lastText(output, 'assistant') ?? (calls ? JSON.stringify(calls) : undefined),
        model_requested: text(span, 'gen_ai.request.model'),
        model_used: text(span, 'gen_ai.response.model'),
        provider: text(span, 'gen_ai.provider.name', 'gen_ai.system'),
        finish_reason: Array.isArray(reasons) && typeof reasons[0] === 'string' ? reasons[0] : undefined,
        ...disjointTokens(
          number(span, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'),
          number(span, 'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_read_input_tokens'),
          number(
            span,
            'gen_ai.usage.cache_write.input_tokens',
            'gen_ai.usage.cache_creation.input_tokens',
            'gen_ai.usage.cache_creation_input_tokens',
          ),
        ),
        completion_tokens: number(span, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'),
        reasoning_tokens: number(
          span,
          'gen_ai.usage.reasoning.output_tokens',
          'gen_ai.usage.reasoning_tokens',
        ),
        time_to_first_token_ms: seconds === undefined ? undefined : seconds * 1000,
        tool_definitions: text(span, 'gen_ai.tool.definitions'),
        parameters: filled(
          Object.fromEntries(
            Object.entries(below(span, 'gen_ai.request.')).filter(([name]) => name !== 'model'),
          ),
        ),
        metadata: filled({
          ...(text(span, 'gen_ai.response.id') && { response_id: text(span, 'gen_ai.response.id') }),
          ...(text(span, 'error.type') && { error_type: text(span, 'error.type') }),
        }),
      },
    };
  },
  toolCall: (span) => ({
    tool_call_id: text(span, 'gen_ai.tool.call.id'),
    tool_name: text(span, 'gen_ai.tool.name'),
    args: text(span, 'gen_ai.tool.call.arguments'),
    result: text(span, 'gen_ai.tool.call.result'),
  }),
};

/** The first whose `role` knows the span reads it. AI SDK 6 sets some `gen_ai` names too, but not the operation's. */
export const DIALECTS: readonly Dialect[] = [genAi, aiSdk];
