import type { Script } from '@observatory/testing';

/** What the scripted model says where there is no OPENAI_API_KEY. */
export const script: Script = [
  {
    when: { toolResult: false, lastUser: /Oslo or Lisbon/ },
    reply: {
      toolCalls: [
        { name: 'weather', args: { city: 'Oslo' } },
        { name: 'weather', args: { city: 'Lisbon' } },
      ],
    },
  },
  {
    when: { toolResult: /21/ },
    reply: { text: 'Lisbon: 21 °C, Oslo has 4 °C.', usage: { prompt: 180, cached: 128, completion: 14 } },
  },
  {
    when: { toolResult: false, lastUser: /Atlantis/ },
    reply: { toolCalls: [{ name: 'weather', args: { city: 'Atlantis' } }] },
  },
  { when: { toolResult: /No station/ }, reply: 'Nobody measures the weather in Atlantis.' },
  {
    when: { lastUser: /story/ },
    reply: { text: Array.from({ length: 200 }, (_, i) => `Word ${i}. `), chunkDelayMs: 20 },
  },
];
