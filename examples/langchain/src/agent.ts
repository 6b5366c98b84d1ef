import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { MemorySaver } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

const TEMPERATURES: Record<string, number> = { oslo: 4, lisbon: 21, rome: 18 };

const weather = tool(
  async ({ city }) => {
    const celsius = TEMPERATURES[city.toLowerCase()];
    if (celsius === undefined) throw new Error(`No station in ${city}`);
    return `${celsius} °C in ${city}`;
  },
  { name: 'weather', description: 'The weather in a city', schema: z.object({ city: z.string() }) },
);

const packingList = tool(async ({ celsius }) => (celsius < 10 ? 'coat, scarf' : 'shirts, sunglasses'), {
  name: 'packing_list',
  description: 'What to pack for a temperature',
  schema: z.object({ celsius: z.number() }),
});

/** An agent that remembers a conversation by its `thread_id`. None of it knows that it is being recorded. */
export const travelAgent = (model: BaseChatModel) =>
  createAgent({
    name: 'travel_agent',
    model,
    tools: [weather, packingList],
    systemPrompt: 'You help people pack. Be brief.',
    checkpointer: new MemorySaver(),
  });

/** One turn of the conversation that `thread` names. */
export async function ask(
  agent: ReturnType<typeof travelAgent>,
  thread: string,
  question: string,
): Promise<string> {
  const { messages } = await agent.invoke(
    { messages: [{ role: 'user', content: question }] },
    { configurable: { thread_id: thread } },
  );
  return messages.at(-1)?.text ?? '';
}
