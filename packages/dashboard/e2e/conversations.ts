import type { Message } from '@observatory/core/wire';
import { RunBuilder } from './run-builder.js';

export const SYSTEM =
  'You are the travel desk of a small agency. Answer briefly, name prices in euros, and never invent a train.';

const ITINERARY = `Here is a plan that keeps you **under €420** and off planes:

| Day | From → to | Train | Price |
|---|---|---|---:|
| Fri | Oslo → Göteborg | RE 392, 13:00–16:42 | €38 |
| Fri | Göteborg → København | Öresundståg, 17:30–21:20 | €31 |
| Sat | København → Hamburg | EC 396, 08:26–13:03 | €54 |
| Sat | Hamburg → Wien | NJ 491, 20:04–09:19 | €129 |

A few notes:

1. The night train sells out first. I hold **two couchette beds** until 18:00.
2. Change platforms in Hamburg with at least 25 minutes; \`EC 396\` is often late.
3. If you would rather sleep in Hamburg, say so and I rebook the last leg.

\`\`\`ts
const holds = await desk.hold({ train: 'NJ 491', beds: 2, until: '18:00' });
console.log(holds.reference); // "W7QK2P"
\`\`\`

Shall I book it?`;

export function travelConversation(start: number): RunBuilder[] {
  const base = {
    session_id: 'chat-travel-7f3a',
    conversational: true,
    name: 'travel-desk',
    user_id: 'ines@example.com',
    environment: 'production',
    release: '2026.11.3',
    tags: ['chat', 'beta'],
  };
  const system: Message = { role: 'system', content: SYSTEM };
  const history: Message[] = [system];
  const turn = (
    n: number,
    at: number,
    prompt: string,
    answer: string,
    work?: (run: RunBuilder, sent: Message[]) => number,
  ) => {
    const run = new RunBuilder(`run-travel-${n}`, start + at, {
      ...base,
      prompt: { user_prompt: prompt, system_prompt: SYSTEM },
    });
    history.push({ role: 'user', content: prompt });
    const from = work?.(run, history) ?? 20;
    run.step(from, from + 1_900, {
      sent: [...history],
      said: [{ role: 'assistant', content: answer }],
      response: answer,
      prompt_uncached_tokens: 420 + n * 160,
      prompt_cached_tokens: n > 1 ? 1_024 * n : 0,
      completion_tokens: Math.ceil(answer.length / 3.6),
      time_to_first_token_ms: 380 + n * 22,
    });
    history.push({ role: 'assistant', content: answer });
    return run.end(from + 1_960, { response: answer });
  };
  return [
    turn(
      1,
      0,
      'Hi! I need to get from Oslo to Vienna next Friday without flying. Two people.',
      'Happily. Two questions first: would you sleep on a **night train**, and is there a budget I should stay under?',
    ),
    turn(
      2,
      140_000,
      'Night train is great. Let us say 450 euros for both of us?',
      ITINERARY,
      (run, history) => {
        const asked: Message = {
          role: 'assistant',
          content: '',
          tool_calls: [
            {
              id: 'run-travel-2-call-1',
              type: 'function',
              function: {
                name: 'search_trains',
                arguments: '{"from":"Oslo S","to":"Wien Hbf","date":"2026-11-27","adults":2}',
              },
            },
            {
              id: 'run-travel-2-call-2',
              type: 'function',
              function: { name: 'night_trains', arguments: '{"via":"Hamburg","date":"2026-11-28"}' },
            },
            {
              id: 'run-travel-2-call-3',
              type: 'function',
              function: { name: 'exchange_rate', arguments: '{"from":"NOK","to":"EUR"}' },
            },
          ],
        };
        const step = run.step(15, 1_240, {
          sent: [...history],
          said: [asked],
          finish_reason: 'tool_calls',
          prompt_uncached_tokens: 612,
          prompt_cached_tokens: 1_024,
          completion_tokens: 148,
          reasoning_tokens: 96,
          time_to_first_token_ms: 510,
        });
        const trains = JSON.stringify({
          connections: [
            {
              legs: [
                {
                  train: 'RE 392',
                  from: 'Oslo S',
                  to: 'Göteborg C',
                  departs: '13:00',
                  arrives: '16:42',
                  price_eur: 38,
                },
                { train: 'Öresundståg', departs: '17:30', arrives: '21:20', price_eur: 31 },
              ],
              total_eur: 69,
            },
          ],
          currency: 'EUR',
        });
        const nights = JSON.stringify({
          trains: [{ train: 'NJ 491', class: 'couchette', beds_left: 5, price_eur: 64.5 }],
        });
        run.tool('search_trains', 1_260, 2_870, {
          step_id: step,
          args: '{"from":"Oslo S","to":"Wien Hbf","date":"2026-11-27","adults":2}',
          result: trains,
        });
        run.tool('night_trains', 1_262, 2_110, {
          step_id: step,
          args: '{"via":"Hamburg","date":"2026-11-28"}',
          result: nights,
        });
        run.tool('exchange_rate', 1_265, 1_398, {
          step_id: step,
          args: '{"from":"NOK","to":"EUR"}',
          result: '{"rate":0.0853,"at":"2026-11-22"}',
        });
        history.push(
          asked,
          { role: 'tool', tool_call_id: 'run-travel-2-call-1', content: trains },
          { role: 'tool', tool_call_id: 'run-travel-2-call-2', content: nights },
          { role: 'tool', tool_call_id: 'run-travel-2-call-3', content: '{"rate":0.0853,"at":"2026-11-22"}' },
        );
        return 2_980;
      },
    ),
    turn(
      3,
      420_000,
      'Book it. Seats by the window please, and send the tickets to my work address.',
      'Done. Reference `W7QK2P`, four window seats and two couchette beds, **€252 in all**. The tickets went to your work address on file.',
      (run, history) => {
        const step = run.step(10, 900, {
          sent: [...history],
          said: [
            {
              role: 'assistant',
              content: '',
              tool_calls: [
                {
                  id: 'run-travel-3-call-1',
                  type: 'function',
                  function: { name: 'book', arguments: '{"hold":"W7QK2P","seats":"window"}' },
                },
              ],
            },
          ],
          finish_reason: 'tool_calls',
          prompt_uncached_tokens: 380,
          prompt_cached_tokens: 3_072,
          completion_tokens: 61,
          time_to_first_token_ms: 402,
        });
        run.tool('book', 910, 3_420, {
          step_id: step,
          args: '{"hold":"W7QK2P","seats":"window"}',
          outcome: 'error',
          status_code: 2,
          status_message: 'HTTP 503 from booking.internal: upstream request timeout',
        });
        run.tool('book', 4_430, 6_010, {
          step_id: step,
          args: '{"hold":"W7QK2P","seats":"window","attempt":2}',
          result: '{"status":"booked","reference":"W7QK2P","total_eur":252}',
        });
        return 6_040;
      },
    ),
    turn(4, 900_000, 'Perfect, thank you!', 'Have a lovely trip, Ines. I will write if the EC 396 is late.'),
  ];
}

export function supportConversation(start: number): RunBuilder[] {
  const base = {
    session_id: 'support-4821',
    conversational: true,
    name: 'support-agent',
    user_id: 'user_83hd01',
    environment: 'production',
    release: '2026.11.3',
    tags: ['support'],
  };
  const first = new RunBuilder('run-support-1', start, {
    ...base,
    prompt: { user_prompt: 'Where is my order? It was due on Tuesday.' },
  });
  first.step(10, 820, {
    prompt: 'Where is my order? It was due on Tuesday.',
    response: 'I can look that up. What is the order number?',
    model_requested: 'claude-sonnet-4-5',
    model_used: 'claude-sonnet-4-5-20250929',
    provider: 'anthropic',
    prompt_uncached_tokens: 231,
    cache_write_tokens: 1_804,
    completion_tokens: 19,
  });
  first.end(840, { response: 'I can look that up. What is the order number?' });
  const second = new RunBuilder('run-support-2', start + 60_000, {
    ...base,
    prompt: { user_prompt: '#A-20931' },
  });
  const step = second.step(8, 960, {
    prompt: '#A-20931',
    response: '',
    finish_reason: 'tool_use',
    model_requested: 'claude-sonnet-4-5',
    model_used: 'claude-sonnet-4-5-20250929',
    provider: 'anthropic',
    prompt_uncached_tokens: 58,
    prompt_cached_tokens: 1_804,
    completion_tokens: 44,
  });
  second.tool('lookup_order', 980, 31_020, {
    step_id: step,
    args: '{"order":"A-20931"}',
    outcome: 'timed_out',
    status_code: 2,
    status_message: 'No answer from orders-db after 30 s',
  });
  second.end(31_100, {
    outcome: 'error',
    status_message:
      'ToolError: lookup_order failed: No answer from orders-db after 30 s\n    at runTool (/app/agent/tools.ts:88:13)\n    at async agentLoop (/app/agent/loop.ts:41:22)',
  });
  return [first, second];
}

export function nightlyBatch(start: number): RunBuilder[] {
  const titles = [
    'Refund request, order 55120',
    'Feature idea: dark mode for invoices',
    'Cannot log in since this morning',
    'Praise for Noor in the Utrecht shop',
    'Invoice 2026-1188 has the wrong VAT number',
    'Spam: cheap watches',
  ];
  const labels = ['refund', 'feature_request', 'login', 'praise', 'billing', 'spam'];
  return titles.map((title, i) => {
    const run = new RunBuilder(`run-batch-${i}`, start + i * 4_000, {
      session_id: 'nightly-classify-2026-11-22',
      conversational: false,
      name: 'classify-ticket',
      environment: 'production',
      release: '2026.11.3',
      tags: ['batch'],
      metadata: { queue: 'inbox', priority: i, source: { mailbox: 'help@', folder: 'new' } },
      prompt: { user_prompt: `Classify this ticket into one of: ${labels.join(', ')}.\n\nSubject: ${title}` },
    });
    if (i === 4) {
      run.step(5, 2_000, {
        outcome: 'error',
        status_code: 2,
        status_message: '429 Too Many Requests: rate limit reached for gpt-5-nano',
        model_requested: 'gpt-5-nano',
        model_used: 'gpt-5-nano',
      });
      return run.end(2_040, {
        outcome: 'error',
        status_message: 'RateLimitError: 429 Too Many Requests: rate limit reached for gpt-5-nano',
      });
    }
    run.step(5, 300 + i * 40, {
      prompt: title,
      response: `{"label":"${labels[i]}","confidence":0.9${i}}`,
      model_requested: 'gpt-5-nano',
      model_used: 'gpt-5-nano',
      prompt_uncached_tokens: 118,
      completion_tokens: 14,
    });
    return run.end(320 + i * 40, { response: `{"label":"${labels[i]}","confidence":0.9${i}}` });
  });
}
