import { asks, says, type Turn } from '../conversation.js';

/** Slow on purpose: it can be watched in the dashboard while it runs. */
const THINKING_MS = 6_500;

export const researchTurn: Turn = {
  user: 'Research the European market for lightweight two-person tents and recommend a price for ours.',
  steps: [
    {
      ...asks(
        ['web_search', { query: 'two-person tent under 1.5 kg Europe 2026' }],
        ['web_search', { query: 'tent market size Europe' }],
      ),
      delayMs: THINKING_MS,
      usage: { reasoning: 896 },
    },
    {
      ...asks(['fetch_page', { url: 'https://outdoor-review.example/tents-2026' }]),
      delayMs: THINKING_MS,
      usage: { reasoning: 512 },
    },
    {
      ...asks(
        ['fetch_page', { url: 'https://trade.example/camping-report' }],
        ['calculate', { expression: '(389 + 449 + 520) / 3' }],
      ),
      delayMs: THINKING_MS,
      usage: { reasoning: 640 },
    },
    {
      ...says(`## Recommendation: **€419**

| Competitor | Weight | Price | Rating |
| --- | ---: | ---: | ---: |
| Alpenglow Duo | 1.32 kg | €449 | 4.6 |
| Feather 2 | 1.18 kg | €520 | 4.4 |
| Trekkie Light | 1.61 kg | €389 | 4.1 |

- The three average **€453**; below €400 buyers suspect thin fabric.
- Our tent weighs 1.29 kg, so it beats Alpenglow on weight and must stay below it on price.
- The segment grows by about 6 % a year, fastest in the Nordic countries.

*Sources: outdoor-review.example, trade.example.*`),
      delayMs: THINKING_MS,
      usage: { reasoning: 1024 },
    },
  ],
};
