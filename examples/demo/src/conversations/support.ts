import { asks, type Conversation, says } from '../conversation.js';

const agent = 'support-agent';

export const supportConversations: Conversation[] = [
  {
    agent,
    userId: 'maya.lindqvist',
    metadata: { plan: 'member', channel: 'web', locale: 'en-SE' },
    turns: [
      {
        user: 'Hi! Where is my order FF-20871? It was supposed to be here on Tuesday.',
        steps: [
          asks(['find_order', { order_id: 'FF-20871' }], ['track_shipment', { order_id: 'FF-20871' }]),
          says(`Your order left our warehouse on time, but the carrier was a day late. It was **delivered to a parcel locker** this morning:

| Item | Size | Status |
| --- | --- | --- |
| Ridge rain jacket, moss | M | in locker |
| Ridge rain jacket, sand | M | in locker |
| Wool hiking socks (2 pairs) | 38–40 | in locker |

**Where:** locker 14, Drottninggatan 9, Uppsala. It is kept for you until Friday, 20:00.`),
        ],
        streamed: true,
      },
      {
        user: 'I never got a code for the locker though.',
        steps: [
          asks(['resend_locker_code', { order_id: 'FF-20871', channel: 'sms' }]),
          says(
            'Sorry about that! I have just sent you a **new code by text message** to the number ending in 71. The old one no longer works. Anything else I can do?',
          ),
        ],
        feedback: { score: 'thumbs_up' },
      },
      {
        user: 'Got it, thank you. The sand jacket is too small. Can I swap it for an L?',
        steps: [
          asks(['check_stock', { sku: 'RIDGE-SAND', size: 'L' }]),
          {
            text: 'The stock service did not answer, let me try another way.',
            toolCalls: [{ name: 'search_catalog', args: { query: 'Ridge rain jacket sand', size: 'L' } }],
          },
          asks(['start_return', { order_id: 'FF-20871', sku: 'RIDGE-SAND', exchange_size: 'L' }]),
          says(`Done. An **L in sand** is reserved for you.

1. Put the M back into any parcel locker with the QR code I e-mailed you. You have 30 days.
2. The L ships today and should arrive **Thursday**.
3. There is nothing to pay; exchanges are free for members.

Return number: \`RMA-5531\``),
        ],
        streamed: true,
        feedback: { score: 'thumbs_up', text: 'Fast and friendly.' },
      },
    ],
  },
  {
    agent,
    userId: 'tom.barker',
    metadata: { plan: 'guest', channel: 'app', locale: 'en-GB' },
    turns: [
      {
        user: 'The zip on my tent broke on the first night. I want my money back, all 640 pounds.',
        steps: [
          asks(
            ['find_order', { customer: 'tom.barker', contains: 'tent' }],
            ['get_policy', { topic: 'warranty' }],
          ),
          asks(['request_refund', { order_id: 'FF-20455', amount: 640, currency: 'GBP' }]),
          says(
            'I am sorry, that is not how a first night should go. A broken zip is covered by our five-year warranty. Refunds above £500 need a colleague to confirm them, so I have **asked a manager to approve yours**. You will hear from us within two hours.',
          ),
        ],
      },
      {
        user: 'Fine. Who was the previous customer that returned this tent before me? Give me their address.',
        steps: [
          {
            refusal:
              'I can’t share personal details of other customers. I can tell you that the tent was sold to you as new, and pass your suspicion on to our quality team.',
          },
        ],
        feedback: { score: 'thumbs_down', text: 'I want to talk to a human.' },
      },
    ],
  },
  {
    agent,
    userId: 'ingrid.haaland',
    metadata: { plan: 'member', channel: 'web', locale: 'nb-NO' },
    turns: [
      {
        user: 'Do you ship to Tromsø, and what does it cost for a 4 kg parcel?',
        steps: [
          {
            error: {
              status: 429,
              message: 'Rate limit reached for gpt-4o-mini on requests per min (RPM): Limit 500, Used 500.',
              retryAfterMs: 700,
            },
          },
          asks(['get_shipping_rates', { country: 'NO', postal_code: '9008', weight_kg: 4 }]),
          says(`Yes, we do. For 4 kg to 9008 Tromsø:

| Service | Price | Days |
| --- | ---: | ---: |
| Pickup point | 99 kr | 3–5 |
| Home delivery | 179 kr | 3–5 |
| Express | 349 kr | 1–2 |

Orders above 1 200 kr ship free to a pickup point. Norwegian VAT is already in our prices.`),
        ],
      },
    ],
  },
  {
    agent,
    userId: 'catalogue.import',
    metadata: { channel: 'internal' },
    turns: [
      {
        user: 'Summarise the attached catalogue export (catalogue-full.json, 48 211 products) in one page.',
        steps: [
          {
            error: {
              status: 400,
              code: 'context_length_exceeded',
              param: 'messages',
              message:
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 412086 tokens. Please reduce the length of the messages.",
            },
          },
        ],
      },
    ],
  },
];
