import { asks, type Conversation, says } from '../conversation.js';

/** Short conversations that go on arriving after the first set, one turn every half minute or so. */
export const laterConversations: Conversation[] = [
  {
    agent: 'support-agent',
    userId: 'noah.dubois',
    metadata: { plan: 'guest', channel: 'app', locale: 'fr-FR' },
    turns: [
      {
        user: 'Is the Fjell backpack carry-on size?',
        steps: [
          asks(['search_catalog', { query: 'Fjell backpack' }]),
          says(
            'Almost: the **Fjell 32** is 54 × 31 × 22 cm and passes with most airlines. The Fjell 40 does not.',
          ),
        ],
      },
      {
        user: 'And does it come in blue?',
        steps: [
          asks(['check_stock', { sku: 'FJELL-32-BLUE', size: 'one' }]),
          says('Yes, in *storm blue*. Nine are left, so do not think for too long. 🙂'),
        ],
        feedback: { score: 'thumbs_up' },
      },
    ],
  },
  {
    agent: 'travel-planner',
    userId: 'sofia.almeida',
    metadata: { plan: 'pro', channel: 'app', locale: 'pt-PT' },
    turns: [
      {
        user: 'Find me a quiet weekend by the sea within three hours of Porto by train.',
        steps: [
          asks(
            ['search_hotels', { city: 'Viana do Castelo', quiet: true }],
            ['weather_history', { city: 'Viana do Castelo', month: 11 }],
          ),
          says(`**Viana do Castelo**, 1 h 35 min by direct train.

- Casa do Cais, sea view, €88 a night
- Cabedelo beach across the river, ferry every half hour
- In November it rains every other day: bring a jacket and a book.`),
        ],
        streamed: true,
      },
    ],
  },
  {
    agent: 'code-helper',
    userId: 'kenji.watanabe',
    metadata: { plan: 'team', channel: 'editor', repository: 'fieldnotes-web' },
    turns: [
      {
        user: 'What is the difference between `??` and `||`?',
        steps: [
          says(
            '`||` falls back on any *falsy* value, so `0`, `""` and `false` are lost. `??` falls back on `null` and `undefined` only:\n\n```ts\n0 || 10; // 10\n0 ?? 10; // 0\n```',
          ),
        ],
        streamed: true,
      },
    ],
  },
  {
    agent: 'support-agent',
    userId: 'priya.raman',
    metadata: { plan: 'member', channel: 'web', locale: 'en-IN' },
    turns: [
      {
        user: 'My tracking has not moved for four days. Order FF-20990.',
        steps: [
          asks(['track_shipment', { order_id: 'FF-20990' }]),
          says(
            'It is waiting at customs in Delhi; the papers are complete and no duty is due. Parcels usually leave there after **three to five working days**, so it should move by Wednesday.',
          ),
        ],
      },
    ],
  },
  {
    agent: 'code-helper',
    userId: 'lucia.ferrari',
    metadata: { plan: 'team', channel: 'editor', repository: 'ledger-core' },
    turns: [
      {
        user: 'How do I make this list of amounts sum up without rounding errors?',
        steps: [
          says(
            'Keep amounts as **integers of the smallest unit**, and turn them into text at the very end:\n\n```ts\nconst cents = amounts.reduce((sum, amount) => sum + Math.round(amount * 100), 0);\nconst text = (cents / 100).toFixed(2);\n```',
            { usage: { reasoning: 192 } },
          ),
        ],
        streamed: true,
      },
      {
        user: 'Run the tests of the ledger, please.',
        steps: [
          asks(['run_tests', { pattern: 'ledger', attempt: 2 }]),
          says('Both tests of the ledger pass, in 14 ms.'),
        ],
        feedback: { score: 'thumbs_up' },
      },
    ],
  },
];
