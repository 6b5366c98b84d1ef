import { openai } from '@ai-sdk/openai';
import { observe } from '@observatory/ai-sdk';
import { handler } from '@observatory/http';
import { convertToModelMessages, stepCountIs, streamText, tool, type UIMessage } from 'ai';
import { z } from 'zod';

const TEMPERATURES: Record<string, number> = { oslo: 4, lisbon: 21, rome: 18 };

const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, celsius: TEMPERATURES[city.toLowerCase()] ?? null }),
});

/** Each request is a run: the chat's id is its session, the last message its prompt. */
export const POST = handler(async (request: Request) => {
  const { messages } = (await request.json()) as { messages: UIMessage[] };
  const result = streamText({
    model: openai('gpt-5-mini'),
    instructions: 'You help people pack. Be brief.',
    messages: await convertToModelMessages(messages),
    tools: { weather },
    stopWhen: stepCountIs(5),
    // Without it the model goes on talking to somebody who has closed the page.
    abortSignal: request.signal,
    telemetry: observe({ agent: 'packing-chat' }),
  });
  return result.toUIMessageStreamResponse();
});
