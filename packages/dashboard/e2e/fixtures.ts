import type { Message, Outcome, WireItem } from '@observatory/core/wire';
import { nightlyBatch, SYSTEM, supportConversation, travelConversation } from './conversations.js';
import { FAILED, iso, RunBuilder } from './run-builder.js';

export { RunBuilder } from './run-builder.js';

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
