import type { Script } from '@observatory/testing';

/** What the scripted model says where there is no OPENAI_API_KEY. */
export const script: Script = [
  {
    when: { toolResult: false, lastUser: /trip to/ },
    reply: ({ lastUser }) => ({
      toolCalls: [{ name: 'receipts', args: { trip: /trip to (\w+)/.exec(lastUser)?.[1] ?? '' } }],
    }),
  },
  { when: { toolResult: /Hotel/ }, reply: 'Hotel and train: 329 €.' },
  { when: { lastUser: /Confirm/ }, reply: '329 € are on their way.' },
  { when: { lastUser: /politely/ }, reply: 'Sorry, this one is on you.' },
];
