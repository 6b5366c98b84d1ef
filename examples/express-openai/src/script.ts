import type { Script } from '@observatory/testing';

/** What the scripted model says where there is no OPENAI_API_KEY. */
export const script: Script = [
  { when: { lastUser: /Guess the weather/ }, reply: 'Rain, 7 °C.' },
  {
    when: { toolResult: false, lastUser: /Oslo/ },
    reply: { toolCalls: [{ name: 'get_weather', args: { city: 'Oslo' } }] },
  },
  { when: { toolResult: /Rain/ }, reply: 'Take an umbrella: it rains in Oslo, at 7 °C.' },
  {
    when: { lastUser: /story/ },
    reply: { text: 'Once upon a time there was a trace. '.repeat(200), chunkDelayMs: 20 },
  },
];
