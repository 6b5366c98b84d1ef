import { observe } from '@observatory/ai-sdk';
import { observatory } from '@observatory/hono';
import {
  convertToModelMessages,
  type LanguageModel,
  stepCountIs,
  streamText,
  tool,
  type UIMessage,
} from 'ai';
import { Hono } from 'hono';
import { z } from 'zod';

const TEMPERATURES: Record<string, number> = { oslo: 4, lisbon: 21, rome: 18 };

const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    const celsius = TEMPERATURES[city.toLowerCase()];
    if (celsius === undefined) throw new Error(`No station in ${city}`);
    return { city, celsius };
  },
});

/** A chat as `useChat` speaks to it: UI messages in, a UI message stream out. */
export const chat = (model: LanguageModel) =>
  new Hono().use(observatory()).post('/api/chat', async (c) => {
    const { messages } = await c.req.json<{ messages: UIMessage[] }>();
    const result = streamText({
      model,
      instructions: 'You help people pack. Be brief.',
      messages: await convertToModelMessages(messages),
      tools: { weather },
      stopWhen: stepCountIs(5),
      // Without it the model goes on talking to somebody who has left.
      abortSignal: c.req.raw.signal,
      telemetry: observe({ agent: 'packing-chat' }),
    });
    return result.toUIMessageStreamResponse();
  });
