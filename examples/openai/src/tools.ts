import type { ChatCompletionTool } from 'openai/resources/chat/completions';

const PRICES: Record<string, number> = { lisbon: 89, oslo: 120, rome: 74 };

/** What the agent can do. None of it knows that it is being recorded. */
export const tools: Record<string, (args: { city: string }) => Promise<string>> = {
  async find_flight({ city }) {
    const price = PRICES[city.toLowerCase()];
    if (price === undefined) throw new Error(`There is no flight to ${city}`);
    return JSON.stringify({ city, price_eur: price });
  },
  async get_weather({ city }) {
    return `21 °C and sunny in ${city}`;
  },
};

export const definitions: ChatCompletionTool[] = Object.keys(tools).map((name) => ({
  type: 'function',
  function: {
    name,
    description: name === 'find_flight' ? 'The cheapest flight to a city' : 'The weather in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}));
