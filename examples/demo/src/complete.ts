import type { Step } from '@observatory/core';
import { recorder } from '@observatory/core/recorder';
import type OpenAI from 'openai';
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';

const observatory = recorder('@observatory/example-demo/0.0.0');

export interface ToolCallRequest {
  id: string;
  name: string;
  /** JSON text. */
  args: string;
}

interface CompletionRequest {
  model: string;
  messages: ChatCompletionMessageParam[];
  tools: ChatCompletionTool[];
  signal: AbortSignal;
  onText: ((delta: string) => void) | undefined;
}

/** One model call and the step that records it: messages, answer, tokens, first token, attempts. */
export async function complete(client: OpenAI, step: Step, request: CompletionRequest) {
  const { model, messages, tools, signal } = request;
  step.model({ requested: model }).prompt(messages);
  if (tools.length > 0) step.toolDefinitions(tools);
  let attempts = 0;
  // The client retries by itself; each attempt passes here.
  const counting = client.withOptions({
    fetch: (input, init) => {
      attempts++;
      return fetch(input, init);
    },
  });
  const body = { model, messages, ...(tools.length > 0 && { tools }) };
  try {
    const { message, used, usage, finishReason, requestId } = request.onText
      ? await streamed(counting, body, step, signal, request.onText)
      : await plain(counting, body, signal);
    step.response(message).model({ requested: model, used });
    if (usage) step.tokens(tokensOf(usage));
    if (finishReason) step.finishReason(finishReason);
    step.metadata({ ...(requestId && { request_id: requestId }), ...(attempts > 1 && { attempts }) });
    step.end();
    const toolCalls = (message.tool_calls ?? []).flatMap((call): ToolCallRequest[] =>
      call.type === 'function'
        ? [{ id: call.id, name: call.function.name, args: call.function.arguments }]
        : [],
    );
    return { message, toolCalls };
  } catch (error) {
    step.metadata({ attempts });
    if (signal.aborted) observatory.endStep(step, { outcome: 'cancelled' });
    else step.error(error);
    throw error;
  }
}

type Body = Omit<CompletionRequest, 'signal' | 'onText' | 'tools'> & { tools?: ChatCompletionTool[] };

async function plain(client: OpenAI, body: Body, signal: AbortSignal) {
  const { data, request_id } = await client.chat.completions.create(body, { signal }).withResponse();
  const choice = data.choices[0]!;
  const message: ChatCompletionAssistantMessageParam = { role: 'assistant', content: choice.message.content };
  if (choice.message.refusal) message.refusal = choice.message.refusal;
  if (choice.message.tool_calls) message.tool_calls = choice.message.tool_calls;
  return {
    message,
    used: data.model,
    usage: data.usage,
    finishReason: choice.finish_reason,
    requestId: request_id,
  };
}

async function streamed(
  client: OpenAI,
  body: Body,
  step: Step,
  signal: AbortSignal,
  onText: (delta: string) => void,
) {
  const started = performance.now();
  const stream = client.chat.completions.stream(
    { ...body, stream_options: { include_usage: true } },
    { signal },
  );
  let text = '';
  stream.on('content', (delta) => {
    if (text === '') observatory.amendStep(step, { timeToFirstTokenMs: performance.now() - started });
    text += delta;
    onText(delta);
  });
  try {
    const completion = await stream.finalChatCompletion();
    const { message: answer, finish_reason } = completion.choices[0]!;
    const message: ChatCompletionAssistantMessageParam = { role: 'assistant', content: answer.content };
    if (answer.refusal) message.refusal = answer.refusal;
    if (answer.tool_calls?.length) {
      message.tool_calls = answer.tool_calls.flatMap((call) =>
        call.type === 'function'
          ? [
              {
                id: call.id,
                type: call.type,
                function: { name: call.function.name, arguments: call.function.arguments },
              },
            ]
          : [],
      );
    }
    const { model, usage } = completion;
    return {
      message,
      used: model,
      usage,
      finishReason: finish_reason,
      requestId: undefined,
    };
  } catch (error) {
    // What was written before it broke off is worth keeping.
    if (text) step.response(text);
    throw error;
  }
}

function tokensOf(usage: CompletionUsage) {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    uncached: usage.prompt_tokens - cached,
    cached,
    completion: usage.completion_tokens,
    reasoning: usage.completion_tokens_details?.reasoning_tokens,
  };
}
