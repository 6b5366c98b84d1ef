import type { Message, Outcome, RunItem, StepItem, ToolCallItem, WireItem } from '@observatory/core/wire';

/** Builds wire items the way clients send them: runs with steps, tool calls and nested runs, times in milliseconds from a start. */
export class RunBuilder {
  readonly items: WireItem[] = [];
  readonly id: string;
  readonly start: number;
  private readonly seen = new Set<string>();
  private steps = 0;
  private calls = 0;

  constructor(id: string, start: number, fields: Partial<RunItem> = {}) {
    this.id = id;
    this.start = start;
    this.items.push({ type: 'run', run_id: id, start_time: iso(start), seq: 1, ...fields });
  }

  end(after: number, fields: Partial<RunItem> = {}): this {
    const outcome = fields.outcome ?? 'ok';
    this.items.push({
      type: 'run',
      run_id: this.id,
      end_time: iso(this.start + after),
      status_code: FAILED.includes(outcome) ? 2 : 0,
      seq: 2,
      ...fields,
      outcome,
    });
    return this;
  }

  step(
    from: number,
    to: number | undefined,
    fields: Partial<StepItem> & { sent?: Message[]; said?: Message[] } = {},
  ): string {
    const { sent, said, ...rest } = fields;
    const step_id = rest.step_id ?? `${this.id}-step-${++this.steps}`;
    this.items.push({
      type: 'step',
      run_id: this.id,
      step_id,
      start_time: iso(this.start + from),
      seq: 1,
      model_requested: 'gpt-5-mini',
      model_used: 'gpt-5-mini-2025-08-07',
      provider: 'openai',
      ...(to !== undefined && {
        end_time: iso(this.start + to),
        outcome: 'ok',
        status_code: 0,
        finish_reason: 'stop',
      }),
      ...(sent && { messages: sent.map((message) => this.content(message)) }),
      ...(said && { output: said.map((message) => this.content(message)) }),
      ...rest,
    });
    return step_id;
  }

  tool(name: string, from: number, to: number | undefined, fields: Partial<ToolCallItem> = {}): string {
    const tool_call_id = fields.tool_call_id ?? `${this.id}-call-${++this.calls}`;
    this.items.push({
      type: 'tool_call',
      run_id: this.id,
      tool_call_id,
      tool_name: name,
      start_time: iso(this.start + from),
      seq: 1,
      ...(to !== undefined && { end_time: iso(this.start + to), outcome: 'ok', status_code: 0 }),
      ...fields,
    });
    return tool_call_id;
  }

  private content(body: Message): string {
    const hash = `h-${simpleHash(JSON.stringify(body))}`;
    if (!this.seen.has(hash)) this.items.push({ type: 'content', hash, body });
    this.seen.add(hash);
    return hash;
  }
}

const FAILED: Outcome[] = ['error', 'incomplete', 'timed_out'];

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function simpleHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++)
    hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16);
}

const SYSTEM =
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

/** A few hours of real life, ending at \`now\`: conversations, a batch, a research agent with nested agents, every outcome. */
export function realLife(now: number): WireItem[] {
  const items: WireItem[] = [];
  const add = (...builders: RunBuilder[]) => {
    for (const builder of builders) items.push(...builder.items);
  };

  add(...travelConversation(now - 46 * 60_000));
  add(...supportConversation(now - 3 * 3_600_000));
  add(...nightlyBatch(now - 8 * 3_600_000));
  add(...researchAgent(now - 11 * 60_000));
  add(...everyOutcome(now - 25 * 60_000));
  add(...unicode(now - 95 * 60_000));
  for (let i = 0; i < 90; i++) add(smallRun(i, now - 9 * 3_600_000 + i * 290_000));
  add(...runningNow(now));
  items.push(
    {
      type: 'feedback',
      run_id: 'run-support-2',
      score: 'thumbs_down',
      text: 'It looked up the wrong order and then gave up.',
      time: iso(now - 170 * 60_000),
    },
    {
      type: 'feedback',
      run_id: 'run-travel-2',
      score: 'thumbs_up',
      text: 'Perfect, booked!',
      time: iso(now - 40 * 60_000),
    },
  );
  return items;
}

function travelConversation(start: number): RunBuilder[] {
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

function supportConversation(start: number): RunBuilder[] {
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

function nightlyBatch(start: number): RunBuilder[] {
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

function researchAgent(start: number): RunBuilder[] {
  const main = new RunBuilder('run-research', start, {
    name: 'research-agent',
    user_id: 'li@example.com',
    environment: 'staging',
    release: '2026.11.4-rc1',
    tags: ['research', 'nested'],
    metadata: { ticket: 'RND-412', budget_usd: 0.5, depth: 2, plan: 'pro' },
    prompt: {
      user_prompt:
        'Compare three ways to store agent traces on one machine: SQLite, DuckDB, ClickHouse (embedded). What would you use for 100k runs a day, and why? Give sources.',
      system_prompt: 'You are a careful research agent. Delegate reading to sub-agents. Cite what you use.',
    },
  });
  const sys: Message = {
    role: 'system',
    content: 'You are a careful research agent. Delegate reading to sub-agents. Cite what you use.',
  };
  const user: Message = {
    role: 'user',
    content:
      'Compare three ways to store agent traces on one machine: SQLite, DuckDB, ClickHouse (embedded). What would you use for 100k runs a day, and why? Give sources.',
  };
  const history: Message[] = [sys, user];
  const usage = (uncached: number, cached: number, out: number, reasoning: number) => ({
    model_requested: 'gpt-5',
    model_used: 'gpt-5-2025-08-07',
    prompt_uncached_tokens: uncached,
    prompt_cached_tokens: cached,
    completion_tokens: out,
    reasoning_tokens: reasoning,
  });
  const plan: Message = {
    role: 'assistant',
    content: 'Three readers, one per engine, then one pass over numbers.',
    tool_calls: ['sqlite', 'duckdb', 'clickhouse'].map((engine) => ({
      id: `delegate-${engine}`,
      type: 'function',
      function: { name: 'delegate', arguments: `{"topic":"${engine}"}` },
    })),
  };
  const s1 = main.step(30, 4_900, {
    sent: [...history],
    said: [plan],
    ...usage(840, 0, 420, 320),
    finish_reason: 'tool_calls',
    time_to_first_token_ms: 1_900,
  });
  history.push(plan);
  const nested: RunBuilder[] = [];
  ['sqlite', 'duckdb', 'clickhouse'].forEach((engine, i) => {
    const took = [9_200, 14_800, 7_300][i]!;
    main.tool('delegate', 4_950 + i * 4, 4_950 + took, {
      tool_call_id: `delegate-${engine}`,
      step_id: s1,
      args: `{"topic":"${engine}"}`,
      result: `${engine}: see notes`,
      kind: 'agent',
    });
    history.push({ role: 'tool', tool_call_id: `delegate-${engine}`, content: `${engine}: see notes` });
    const sub = new RunBuilder(`run-research-${engine}`, start + 4_970 + i * 4, {
      name: `reader:${engine}`,
      parent_run_id: 'run-research',
      parent_tool_call_id: `delegate-${engine}`,
      prompt: {
        user_prompt: `Read about ${engine} as a store for traces. Report write rate, query latency, operations.`,
      },
      environment: 'staging',
      release: '2026.11.4-rc1',
    });
    const st = sub.step(10, 1_600, {
      prompt: `Read about ${engine}`,
      response: '',
      finish_reason: 'tool_calls',
      prompt_uncached_tokens: 300,
      completion_tokens: 40,
      time_to_first_token_ms: 420,
    });
    sub.tool('fetch_page', 1_620, 1_620 + took / 3, {
      step_id: st,
      args: `{"url":"https://example.org/${engine}/docs"}`,
      result: `# ${engine}\n\nLorem ipsum dolor sit amet…`,
    });
    if (i === 1)
      sub.tool('fetch_page', 1_640, 3_100, {
        step_id: st,
        args: `{"url":"https://example.org/${engine}/benchmarks"}`,
        outcome: 'error',
        status_code: 2,
        status_message: '404 Not Found',
      });
    sub.step(1_700 + took / 3, took - 200, {
      prompt: 'notes',
      response: `${engine} does the job under conditions.`,
      prompt_uncached_tokens: 2_400,
      completion_tokens: 210,
      time_to_first_token_ms: 390,
    });
    sub.end(took - 40, { response: `${engine} does the job under conditions.` });
    nested.push(sub);
  });
  const calc: Message = {
    role: 'assistant',
    content: '',
    tool_calls: [
      {
        id: 'calc-1',
        type: 'function',
        function: { name: 'calculator', arguments: '{"expression":"100000*13.8/86400"}' },
      },
    ],
  };
  const s2 = main.step(22_600, 25_400, {
    sent: [...history],
    said: [calc],
    ...usage(2_100, 3_072, 260, 180),
    finish_reason: 'tool_calls',
    time_to_first_token_ms: 1_200,
  });
  main.tool('calculator', 25_420, 25_440, {
    tool_call_id: 'calc-1',
    step_id: s2,
    args: '{"expression":"100000*13.8/86400"}',
    result: '15.97',
  });
  history.push(calc, { role: 'tool', tool_call_id: 'calc-1', content: '15.97' });
  const answer =
    '## Recommendation\n\n**SQLite**, with full text in FTS5, until you need several machines.\n\n- 100k runs a day is *1.2 runs a second* and about 16 KB/s of JSON: any of the three takes it.\n- DuckDB rewrites blocks on small updates; live runs change often.\n- ClickHouse wins once you scan **months** at a time.\n\n> Measure with your own payloads: bodies dominate, not rows.\n\nSources: [SQLite docs](https://sqlite.org/wal.html), [DuckDB docs](https://duckdb.org/docs/), [ClickHouse docs](https://clickhouse.com/docs).';
  main.step(25_500, 33_900, {
    sent: [...history],
    said: [{ role: 'assistant', content: answer }],
    response: answer,
    ...usage(310, 5_120, 680, 210),
    time_to_first_token_ms: 2_600,
  });
  main.end(34_050, { response: answer });
  return [main, ...nested];
}

function everyOutcome(start: number): RunBuilder[] {
  const cases: [Outcome, string, string | undefined, string | undefined][] = [
    [
      'cancelled',
      'Write a 40-page novel about lighthouses',
      'Chapter 1. The lamp had not',
      'The client closed the connection',
    ],
    ['interrupted', 'Delete all invoices from 2019', undefined, 'Waiting for approval of delete_invoices'],
    ['incomplete', 'Summarise the attached minutes', 'The board agreed to', 'The stream ended before [DONE]'],
    [
      'timed_out',
      'Crawl docs.example.com and list every broken link',
      undefined,
      'The run took longer than its timeout of 20 minutes',
    ],
    ['abandoned', 'Translate the handbook to Portuguese', undefined, undefined],
  ];
  return cases.map(([outcome, prompt, response, message], i) => {
    const run = new RunBuilder(`run-outcome-${outcome}`, start + i * 61_000, {
      name: 'assistant',
      environment: 'development',
      prompt: { user_prompt: prompt },
    });
    run.step(10, 2_300 + i * 300, {
      prompt,
      ...(response && { response }),
      prompt_uncached_tokens: 90,
      ...(outcome === 'ok' ? {} : { outcome }),
      status_code: FAILED.includes(outcome) ? 2 : 0,
    });
    return run.end(2_400 + i * 300, {
      outcome,
      ...(response && { response }),
      ...(message && { status_message: message }),
    });
  });
}

function unicode(start: number): RunBuilder[] {
  const cases = [
    ['東京から京都まで一番安い行き方は？', '高速バスが一番安く、片道 **3,500円** からです。'],
    ['ما هي عاصمة أستراليا؟', 'عاصمة أستراليا هي **كانبرا**.'],
    [
      'Was heißt „Donaudampfschifffahrtsgesellschaftskapitän“ auf Englisch? 👩‍🚀🏳️‍🌈',
      'Danube steamship company captain 🚢',
    ],
    [
      'Give me the sha256 of the empty string',
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'.repeat(6),
    ],
  ];
  return cases.map(([prompt, response], i) => {
    const run = new RunBuilder(`run-unicode-${i}`, start + i * 30_000, {
      name: 'assistant',
      prompt: { user_prompt: prompt! },
      session_id: `loc-${i}`,
      conversational: true,
    });
    run.step(5, 700, {
      prompt: prompt!,
      response: response!,
      prompt_uncached_tokens: 40,
      completion_tokens: 40,
    });
    return run.end(720, { response: response! });
  });
}

const QUESTIONS = [
  'Draft a polite reminder for invoice 1188',
  'Which tests failed on main last night, and who changed those files?',
  'Extract the parties and the term from this contract',
  'Summarise yesterday’s incident channel in five bullet points',
  'Is this SQL injectable? SELECT * FROM users WHERE name = $name',
  'Plan my week around the two deadlines',
  'Write release notes from these 14 commits',
  'What does error 0x80070005 mean?',
];
const AGENTS = [
  'mail-writer',
  'code-helper',
  'contract-reader',
  'summariser',
  'code-helper',
  'planner',
  'release-bot',
  'support-agent',
];

function smallRun(i: number, start: number): RunBuilder {
  const k = (i * 7 + Math.floor(i / 5)) % QUESTIONS.length;
  const took = 400 + ((i * 2_654_435_761) % 9_000);
  const failed = i % 17 === 4;
  const run = new RunBuilder(`run-small-${i}`, start, {
    name: AGENTS[k]!,
    environment: i % 3 ? 'production' : 'staging',
    release: i < 60 ? '2026.11.2' : '2026.11.3',
    user_id: `user_${(i * 13) % 9}`,
    tags: i % 4 ? [] : ['cron'],
    prompt: { user_prompt: QUESTIONS[k]! },
  });
  const model = ['gpt-5-mini-2025-08-07', 'claude-haiku-4-5', 'gpt-5-nano', 'gemini-2.5-flash'][i % 4]!;
  const step = run.step(5, took * 0.6, {
    prompt: QUESTIONS[k]!,
    response: 'Working on it.',
    model_requested: model,
    model_used: model,
    prompt_uncached_tokens: 200 + ((i * 97) % 3_000),
    completion_tokens: 30 + ((i * 31) % 900),
    time_to_first_token_ms: 120 + ((i * 53) % 700),
  });
  if (i % 3 === 0)
    run.tool(['search_docs', 'run_sql', 'read_file'][i % 9 ? 1 : 0]!, took * 0.62, took * 0.9, {
      step_id: step,
      args: '{"q":"x"}',
      result: '{"rows":3}',
    });
  return run.end(
    took,
    failed
      ? {
          outcome: 'error',
          status_message: "TypeError: Cannot read properties of undefined (reading 'choices')",
        }
      : { response: `Done: ${QUESTIONS[k]!.toLowerCase()}.` },
  );
}

function runningNow(now: number): RunBuilder[] {
  const chat = new RunBuilder('run-travel-5', now - 9_000, {
    session_id: 'chat-travel-7f3a',
    conversational: true,
    name: 'travel-desk',
    user_id: 'ines@example.com',
    environment: 'production',
    release: '2026.11.3',
    prompt: {
      user_prompt: 'One more thing: is there a bike compartment on the NJ 491?',
      system_prompt: SYSTEM,
    },
  });
  const step = chat.step(20, 1_400, {
    prompt: 'One more thing: is there a bike compartment on the NJ 491?',
    response: '',
    finish_reason: 'tool_calls',
    prompt_uncached_tokens: 350,
    prompt_cached_tokens: 4_096,
    completion_tokens: 30,
  });
  chat.tool('train_details', 1_450, undefined, { step_id: step, args: '{"train":"NJ 491"}' });
  const crawl = new RunBuilder('run-crawl', now - 83_000, {
    name: 'site-crawler',
    environment: 'staging',
    prompt: { user_prompt: 'Check every link on the docs site and open a ticket for each broken one' },
  });
  const first = crawl.step(15, 2_100, {
    prompt: 'Check every link',
    response: '',
    finish_reason: 'tool_calls',
    prompt_uncached_tokens: 900,
    completion_tokens: 60,
  });
  crawl.tool('fetch_sitemap', 2_150, 3_900, {
    step_id: first,
    args: '{"url":"https://docs.example.com/sitemap.xml"}',
    result: '{"urls":412}',
  });
  crawl.tool('check_links', 3_950, undefined, { step_id: first, args: '{"batch":1,"size":412}' });
  return [chat, crawl];
}
