import type OpenAI from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { definitions, tools } from './tools.js';

const MAX_STEPS = 6;

/** The model and its tools take turns until there is an answer. A plain loop: the wrapped client does the recording. */
export async function ask(
  client: OpenAI,
  question: string,
  history: ChatCompletionMessageParam[] = [],
): Promise<{ answer: string; history: ChatCompletionMessageParam[] }> {
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You are a travel agent. Be brief.' },
    ...history,
    { role: 'user', content: question },
  ];
  for (let step = 0; step < MAX_STEPS; step++) {
    const stream = client.chat.completions.stream({
      model: 'gpt-5-mini',
      messages,
      tools: definitions,
      stream_options: { include_usage: true },
    });
    const { content, refusal, tool_calls } = await stream.finalMessage();
    messages.push({ role: 'assistant', content, ...(tool_calls?.length ? { tool_calls } : {}) });
    if (!tool_calls?.length) return { answer: content ?? refusal ?? '', history: messages.slice(1) };
    // Tools that were asked for together run together; the model hears of errors, too.
    const results = await Promise.all(
      tool_calls.map(async (call) => {
        const tool = call.type === 'function' ? tools[call.function.name] : undefined;
        if (!tool || call.type !== 'function') return 'Error: there is no such tool';
        return tool(JSON.parse(call.function.arguments)).catch((error: Error) => `Error: ${error.message}`);
      }),
    );
    for (const [index, result] of results.entries())
      messages.push({ role: 'tool', tool_call_id: tool_calls[index]!.id, content: result });
  }
  throw new Error(`No answer within ${MAX_STEPS} steps`);
}
