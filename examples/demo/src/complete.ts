import type OpenAI from 'openai';
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources/chat/completions';

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

/** One model call. The wrapped client records it: messages, answer, tokens, first token, attempts, what a break left. */
export async function complete(client: OpenAI, request: CompletionRequest) {
  const { model, messages, tools, signal, onText } = request;
  const body = { model, messages, ...(tools.length > 0 && { tools }) };
  const answer = onText ? await streamed(client, body, signal, onText) : await plain(client, body, signal);
  const message: ChatCompletionAssistantMessageParam = { role: 'assistant', content: answer.content };
  if (answer.refusal) message.refusal = answer.refusal;
  const toolCalls: ToolCallRequest[] = [];
  for (const call of answer.tool_calls ?? []) {
    if (call.type !== 'function') continue;
    const { name, arguments: args } = call.function;
    message.tool_calls = [
      ...(message.tool_calls ?? []),
      { id: call.id, type: call.type, function: { name, arguments: args } },
    ];
    toolCalls.push({ id: call.id, name, args });
  }
  return { message, toolCalls };
}

type Body = Omit<CompletionRequest, 'signal' | 'onText' | 'tools'> & { tools?: ChatCompletionTool[] };

async function plain(client: OpenAI, body: Body, signal: AbortSignal) {
  const { choices } = await client.chat.completions.create(body, { signal });
  return choices[0]!.message;
}

async function streamed(client: OpenAI, body: Body, signal: AbortSignal, onText: (delta: string) => void) {
  const stream = client.chat.completions.stream(
    { ...body, stream_options: { include_usage: true } },
    { signal },
  );
  stream.on('content', onText);
  const completion = await stream.finalChatCompletion();
  return completion.choices[0]!.message;
}
