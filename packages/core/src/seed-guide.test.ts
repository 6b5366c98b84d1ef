/**
 * The guide of `@contextcompany/custom`, block by block: its code runs here unchanged but for the import path. Where the guide leaves
 * something out (an agent, a database, `...`), the test supplies it around the block.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resetConfig } from './config.js';
import type { Diagnostic } from './diagnostics.js';
import { configure, run, sendRun, sendStep } from './index.js';
import { memoryOutbox } from './memory-outbox.test.support.js';

let outbox: ReturnType<typeof memoryOutbox>;
let diagnostics: Diagnostic[];

beforeEach(() => {
  outbox = memoryOutbox();
  diagnostics = [];
  configure({ onDiagnostic: (diagnostic) => diagnostics.push(diagnostic) });
});

afterEach(() => {
  // Nothing the guide shows as good is misuse.
  expect(diagnostics).toEqual([]);
  outbox.restore();
  resetConfig();
  vi.useRealTimers();
});

const runs = () => {
  const ids = [...new Set(outbox.sent('run').map(({ run_id }) => String(run_id)))];
  return ids.map((id) => outbox.merged(id));
};
const steps = () => outbox.sent('step');
const toolCalls = () => outbox.sent('tool_call');

describe('Creating a run', () => {
  test('builder pattern', async () => {
    const r = run();
    r.prompt("What's the weather in San Francisco?");
    // ... execute your agent logic
    r.response("It's 72°F and sunny in San Francisco.");
    await r.end();

    expect(runs()).toMatchObject([
      {
        prompt: { user_prompt: "What's the weather in San Francisco?" },
        response: "It's 72°F and sunny in San Francisco.",
        status_code: 0,
      },
    ]);
  });

  test('factory pattern', async () => {
    await sendRun({
      prompt: { user_prompt: "What's the weather?" },
      response: '72°F in San Francisco',
      startTime: new Date('2025-01-01T00:00:00Z'),
      endTime: new Date('2025-01-01T00:00:01Z'),
    });

    expect(runs()).toMatchObject([
      {
        prompt: { user_prompt: "What's the weather?" },
        start_time: '2025-01-01T00:00:00.000Z',
        end_time: '2025-01-01T00:00:01.000Z',
      },
    ]);
  });
});

describe('Run options', () => {
  test('custom run identifier', async () => {
    const r = run({ runId: 'run_abc123' });

    await r.prompt('p').end();
    expect(r.runId).toBe('run_abc123');
    expect(runs()).toMatchObject([{ run_id: 'run_abc123' }]);
  });

  test('session', async () => {
    const r = run({ sessionId: 'session_456' });

    await r.prompt('p').end();
    expect(runs()).toMatchObject([{ session_id: 'session_456' }]);
  });

  test('conversational', async () => {
    const r = run({ conversational: true });

    await r.prompt('p').end();
    expect(runs()).toMatchObject([{ conversational: true }]);
  });

  test('start time', async () => {
    const r = run({ startTime: new Date('2025-01-01T00:00:00Z') });

    await r.prompt('p').end();
    expect(runs()).toMatchObject([{ start_time: '2025-01-01T00:00:00.000Z' }]);
  });

  test('a run that is not ended within its timeout is sent with error status', async () => {
    vi.useFakeTimers();
    const r = run({ timeout: 600000 }); // 10 minutes

    r.prompt('p');
    await vi.advanceTimersByTimeAsync(599_000);
    expect(runs()[0]?.end_time).toBeUndefined();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(runs()).toMatchObject([{ status_code: 2, outcome: 'timed_out' }]);
  });

  test('the default is 20 minutes, and 0 turns it off', async () => {
    vi.useFakeTimers();
    const byDefault = run({ runId: 'default' }).prompt('p');
    const never = run({ runId: 'never', timeout: 0 }).prompt('p');
    await vi.advanceTimersByTimeAsync(1_199_000);
    expect(outbox.merged('default').end_time).toBeUndefined();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(outbox.merged('default')).toMatchObject({ outcome: 'timed_out' });
    await vi.advanceTimersByTimeAsync(7_200_000);
    expect(outbox.merged('never').end_time).toBeUndefined();
    await never.end();
    expect(byDefault.runId).toBe('default');
  });
});

describe('Run lifecycle', () => {
  test('create, prompt, steps, tool calls, response, end', async () => {
    const messages = [{ role: 'user', content: 'Analyze Q3 revenue trends' }];
    const content = 'Let me query the database.';

    const r = run({ sessionId: 'session_123' });
    r.prompt('Analyze Q3 revenue trends');
    r.prompt({
      user_prompt: 'Analyze Q3 revenue trends',
      system_prompt: 'You are a financial analyst.',
    });
    // Record LLM steps
    const s = r.step();
    s.prompt(JSON.stringify(messages));
    s.response(content);
    s.model('gpt-4o');
    s.end();
    // Record tool calls
    const tc = r.toolCall('query_database');
    tc.args({ query: '...' });
    tc.result({ rows: [1] });
    tc.end();
    r.response('Q3 revenue increased 15% YoY...');
    await r.end();

    expect(runs()).toMatchObject([
      {
        prompt: { user_prompt: 'Analyze Q3 revenue trends', system_prompt: 'You are a financial analyst.' },
        response: 'Q3 revenue increased 15% YoY...',
      },
    ]);
    expect(steps()).toMatchObject([
      {
        prompt: JSON.stringify(messages),
        response: content,
        model_requested: 'gpt-4o',
        model_used: 'gpt-4o',
      },
    ]);
    expect(toolCalls()).toMatchObject([
      { tool_name: 'query_database', args: '{"query":"..."}', result: '{"rows":[1]}' },
    ]);
  });

  test('error handling', async () => {
    const userPrompt = 'Do it';
    const agent = {
      execute: async (_prompt: string): Promise<string> => {
        throw new Error('out of luck');
      },
    };

    const r = run();
    r.prompt(userPrompt);
    const open = r.step();
    try {
      const result = await agent.execute(userPrompt);
      r.response(result);
      await r.end();
    } catch (e) {
      await r.error(String(e));
    }

    expect(runs()).toMatchObject([{ status_code: 2, status_message: 'Error: out of luck' }]);
    expect(open.ended).toBe(true);
    expect(steps()).toMatchObject([{ status_code: 2 }]);
  });
});

describe('Sessions', () => {
  test('two turns of a conversation', async () => {
    const sessionId = crypto.randomUUID();
    // First message in conversation
    const r1 = run({ sessionId, conversational: true });
    r1.prompt("What's the weather in SF?");
    r1.response("It's 72°F and sunny.");
    await r1.end();
    // Follow-up question
    const r2 = run({ sessionId, conversational: true });
    r2.prompt('What about tomorrow?');
    r2.response('Tomorrow will be 68°F with clouds.');
    await r2.end();

    expect(runs().map(({ session_id, conversational }) => [session_id, conversational])).toEqual([
      [sessionId, true],
      [sessionId, true],
    ]);
  });

  test('user-based sessions', async () => {
    const userId = 7;

    const sessionId = `user_${userId}`;
    const r = run({ sessionId, conversational: true });

    await r.prompt('p').end();
    expect(runs()).toMatchObject([{ session_id: 'user_7' }]);
  });

  test('conversation-based sessions', async () => {
    const database = new Map<string, string>();
    const conversationId = 'c1';
    const saveToDatabase = (row: { conversationId: string; sessionId: string }) =>
      database.set(row.conversationId, row.sessionId);
    const loadFromDatabase = (key: { conversationId: string }) => ({
      sessionId: database.get(key.conversationId)!,
    });
    {
      // When starting a new conversation
      const sessionId = crypto.randomUUID();
      saveToDatabase({ conversationId, sessionId });
    }
    // For each message in the conversation
    const { sessionId } = loadFromDatabase({ conversationId });
    const r = run({ sessionId, conversational: true });

    await r.prompt('p').end();
    expect(runs()).toMatchObject([{ session_id: sessionId }]);
  });

  test('task-based sessions', async () => {
    const workflowId = 'w1';

    const sessionId = `workflow_${workflowId}`;
    // Step 1: Research
    const r1 = run({ sessionId });
    r1.prompt('Research topic X');
    await r1.end();
    // Step 2: Analyze
    const r2 = run({ sessionId });
    r2.prompt('Analyze findings');
    await r2.end();

    expect(runs()).toMatchObject([{ session_id: 'workflow_w1' }, { session_id: 'workflow_w1' }]);
    expect(runs().every(({ conversational }) => conversational === undefined)).toBe(true);
  });

  test('the conversational flag, true and false', async () => {
    const sessionId = crypto.randomUUID();
    // Good: Chat application
    const chat = run({ sessionId, conversational: true });
    // Good: Batch processing
    const batch = run({ sessionId, conversational: false });

    await chat.prompt('p').end();
    await batch.prompt('p').end();
    expect(runs()).toMatchObject([{ conversational: true }, { conversational: false }]);
  });
});

describe('Best practices', () => {
  test('related runs share a session, unrelated ones have none', async () => {
    // Good: Related runs share a session
    const sessionId = crypto.randomUUID();
    const r1 = run({ sessionId });
    const r2 = run({ sessionId });
    // Bad: No relationship tracked
    const r3 = run();
    const r4 = run();

    for (const r of [r1, r2, r3, r4]) await r.prompt('p').end();
    expect(runs().map(({ session_id }) => session_id)).toEqual([sessionId, sessionId, undefined, undefined]);
  });

  test('auto-flush for long-running runs', async () => {
    vi.useFakeTimers();
    // Custom timeout per run
    const r = run({ timeout: 3600000 }); // 1 hour
    // Or globally
    configure({ runTimeout: 3600000 });

    const global = run().prompt('p');
    r.prompt('p');
    await vi.advanceTimersByTimeAsync(3_599_000);
    expect(runs().every(({ end_time }) => end_time === undefined)).toBe(true);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'timed_out' });
    expect(outbox.merged(global.runId)).toMatchObject({ outcome: 'timed_out' });
  });

  test('chained builders, and steps sent on their own', async () => {
    // Good: Batched in single request
    const r = run();
    r.prompt('p');
    const s1 = r.step();
    s1.prompt('...').response('...').end();
    const s2 = r.step();
    s2.prompt('...').response('...').end();
    await r.end(); // Sends run + 2 steps in one request
    expect(steps()).toHaveLength(2);

    const when = { startTime: new Date('2025-01-01T00:00:00Z'), endTime: new Date('2025-01-01T00:00:01Z') };
    // Less efficient: Separate requests
    await sendRun({ prompt: { user_prompt: '...' }, ...when });
    await sendStep({ runId: r.runId, prompt: '...', response: '...', ...when });
    await sendStep({ runId: r.runId, prompt: '...', response: '...', ...when });
    expect(steps().map(({ run_id }) => run_id)).toEqual([r.runId, r.runId, r.runId, r.runId]);
  });
});

describe('Examples', () => {
  test('multi-turn chat application', async () => {
    class ChatAgent {
      private sessionId: string;
      constructor(userId: string) {
        this.sessionId = `chat_${userId}_${Date.now()}`;
      }
      async processMessage(userMessage: string): Promise<string> {
        const r = run({
          sessionId: this.sessionId,
          conversational: true,
        });
        r.prompt(userMessage);
        try {
          const response = await this.generateResponse(userMessage);
          r.response(response);
          await r.end();
          return response;
        } catch (e) {
          await r.error(String(e));
          throw e;
        }
      }
      private async generateResponse(message: string): Promise<string> {
        if (message === 'fail') throw new Error('no model');
        // Your agent logic here
        return 'Generated response';
      }
    }

    const agent = new ChatAgent('u1');
    expect(await agent.processMessage('Hello')).toBe('Generated response');
    await expect(agent.processMessage('fail')).rejects.toThrow('no model');
    const [first, second] = runs();
    expect(first).toMatchObject({ conversational: true, response: 'Generated response', status_code: 0 });
    expect(second).toMatchObject({ status_code: 2, status_message: 'Error: no model' });
    expect(first?.session_id).toBe(second?.session_id);
  });

  test('batch processing workflow', async () => {
    const processItem = async (item: string) => {
      if (item === 'b') throw new Error('bad item');
      return item.toUpperCase();
    };

    async function processBatch(items: string[]) {
      const sessionId = `batch_${Date.now()}`;
      for (const item of items) {
        const r = run({ sessionId });
        r.prompt(`Process item: ${item}`);
        r.metadata({ batch_id: sessionId, item });
        try {
          const result = await processItem(item);
          r.response(result);
          await r.end();
        } catch (e) {
          await r.error(String(e));
        }
      }
    }

    await processBatch(['a', 'b', 'c']);
    expect(runs()).toMatchObject([
      { prompt: { user_prompt: 'Process item: a' }, metadata: { item: 'a' }, response: 'A', status_code: 0 },
      { metadata: { item: 'b' }, status_code: 2, status_message: 'Error: bad item' },
      { metadata: { item: 'c' }, response: 'C', status_code: 0 },
    ]);
    expect(new Set(runs().map(({ session_id }) => session_id)).size).toBe(1);
  });

  test('complex agent with multiple steps', async () => {
    const llm = { call: async (prompt: string) => `answer to ${prompt}` };
    const search = async (plan: string) => `results for ${plan}`;

    async function complexAgent(query: string) {
      const r = run({
        sessionId: crypto.randomUUID(),
        timeout: 600000, // 10 min for complex task
      });
      r.prompt(query);
      r.metadata({ agent: 'research', version: '2.0' });
      try {
        // Step 1: Planning
        const s1 = r.step();
        s1.prompt(`Plan: ${query}`);
        const plan = await llm.call(query);
        s1.response(plan);
        s1.model('gpt-4o');
        s1.end();
        // Step 2: Execute tools
        const tc1 = r.toolCall('search');
        tc1.args({ query: plan });
        const searchResults = await search(plan);
        tc1.result(searchResults);
        tc1.end();
        // Step 3: Synthesize
        const s2 = r.step();
        s2.prompt(`Synthesize: ${searchResults}`);
        const final = await llm.call(`Synthesize: ${searchResults}`);
        s2.response(final);
        s2.model('gpt-4o');
        s2.end();
        r.response(final);
        await r.end();
        return final;
      } catch (e) {
        await r.error(String(e));
        throw e;
      }
    }

    const final = await complexAgent('why?');
    expect(runs()).toMatchObject([
      { response: final, metadata: { agent: 'research', version: '2.0' }, status_code: 0 },
    ]);
    expect(steps().map(({ prompt }) => prompt)).toEqual([
      'Plan: why?',
      'Synthesize: results for answer to why?',
    ]);
    expect(toolCalls()).toMatchObject([{ tool_name: 'search', result: 'results for answer to why?' }]);
  });
});

test('a run that is never ended is not lost: its timeout closes it', async () => {
  vi.useFakeTimers();
  {
    // Good: Run is ended
    const r = run();
    r.prompt('test');
    await r.end();
  }
  {
    // Bad: Run is never sent
    const r = run();
    r.prompt('test');
    // Missing r.end()!
  }
  await vi.advanceTimersByTimeAsync(1_203_000);
  expect(runs()).toMatchObject([{ outcome: 'ok' }, { outcome: 'timed_out' }]);
});
