import type { Script } from '@observatory/testing';

/** What the scripted model says where there is no OPENAI_API_KEY. */
export const script: Script = [
  {
    when: { toolResult: false, lastUser: /Lisbon/ },
    reply: {
      toolCalls: [
        { name: 'find_flight', args: { city: 'Lisbon' } },
        { name: 'get_weather', args: { city: 'Lisbon' } },
      ],
    },
  },
  {
    when: { toolResult: /sunny in Lisbon/ },
    reply: 'Lisbon is 21 °C and sunny, and you get there for 89 €.',
  },
  {
    when: { toolResult: false, lastUser: /Atlantis/ },
    reply: { toolCalls: [{ name: 'find_flight', args: { city: 'Atlantis' } }] },
  },
  { when: { toolResult: /no flight/ }, reply: 'Nobody flies to Atlantis, sorry.' },
];
