import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configure, resetConfig } from './config.js';
import type { Diagnostic } from './diagnostics.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { beat } from './pulse.js';
import { run } from './run.js';
import { session } from './session.js';

let outbox: ReturnType<typeof memoryOutbox>;
let diagnostics: Diagnostic[];

beforeEach(() => {
  outbox = memoryOutbox();
  diagnostics = [];
  configure({ onDiagnostic: (diagnostic) => diagnostics.push(diagnostic) });
});

afterEach(() => {
  outbox.restore();
  resetConfig();
  vi.useRealTimers();
});

const kinds = () => diagnostics.map(({ kind }) => kind);

describe('a run', () => {
  test('is one item with what was said of it', async () => {
    const r = run({
      runId: 'run_abc123',
      sessionId: 's1',
      conversational: true,
      startTime: new Date('2025-01-01T00:00:00Z'),
      name: 'weather-agent',
      userId: 'u1',
      tags: ['a'],
      metadata: { tenant: 'acme' },
    });
    r.prompt({ user_prompt: 'Weather?', system_prompt: 'Be brief.' })
      .response({ response: '72°F', full_output: '{"t":72}' })
      .metadata({ version: 2 }, { region: 'eu' })
      .tags('b', ['a', 'c'])
      .user('u2')
      .endTime(new Date('2025-01-01T00:00:01.5Z'));
    await r.end();

    expect(outbox.sent()).toEqual([
      {
        type: 'run',
        run_id: 'run_abc123',
        seq: expect.any(Number),
        start_time: '2025-01-01T00:00:00.000Z',
        end_time: '2025-01-01T00:00:01.500Z',
        session_id: 's1',
        conversational: true,
        name: 'weather-agent',
        user_id: 'u2',
        tags: ['a', 'b', 'c'],
        metadata: { tenant: 'acme', version: 2, region: 'eu' },
        prompt: { user_prompt: 'Weather?', system_prompt: 'Be brief.' },
        response: '72°F',
        full_output: '{"t":72}',
        outcome: 'ok',
        status_code: 0,
      },
    ]);
    expect(diagnostics).toEqual([]);
  });

  test('leaves together with its steps and tool calls when it ends', async () => {
    const r = run();
    r.prompt('hi');
    const step = r.step('step-1').prompt('p').response('r').model('gpt-4o');
    step.tokens({ uncached: 1, cached: 2, cacheWrite: 3, completion: 4, reasoning: 1 }).cost(0.5);
    step
      .finishReason('stop')
      .toolDefinitions([{ name: 't' }])
      .end();
    r.toolCall('search').args({ q: 'x' }).result([1, 2]).end();
    expect(outbox.urgent).toBe(0);
    await r.end();
    expect(outbox.urgent).toBe(1);
    expect(outbox.sent('step')[0]).toMatchObject({
      step_id: 'step-1',
      run_id: r.runId,
      prompt: 'p',
      response: 'r',
      model_requested: 'gpt-4o',
      model_used: 'gpt-4o',
      prompt_uncached_tokens: 1,
      prompt_cached_tokens: 2,
      cache_write_tokens: 3,
      completion_tokens: 4,
      reasoning_tokens: 1,
      real_total_cost: 0.5,
      finish_reason: 'stop',
      outcome: 'ok',
      status_code: 0,
    });
    expect(outbox.sent('tool_call')[0]).toMatchObject({
      tool_name: 'search',
      args: '{"q":"x"}',
      result: '[1,2]',
      outcome: 'ok',
    });
  });

  test('ends as an error with the message of the error given', async () => {
    const r = run();
    r.prompt('x');
    const step = r.step();
    const call = r.toolCall('t');
    await r.error(new TypeError('boom'));
    expect(outbox.merged(r.runId)).toMatchObject({
      outcome: 'error',
      status_code: 2,
      status_message: 'TypeError: boom',
    });
    expect(outbox.merged(step.stepId)).toMatchObject({
      outcome: 'error',
      status_message: 'Parent run errored',
    });
    expect(outbox.merged(call.toolCallId)).toMatchObject({ outcome: 'error', status_code: 2 });
  });

  test('closes forgotten children as abandoned and says so', async () => {
    const r = run();
    r.prompt('x');
    const step = r.step();
    await r.end();
    expect(outbox.merged(step.stepId)).toMatchObject({ outcome: 'abandoned', status_code: 0 });
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'ok' });
    expect(kinds()).toEqual(['children-not-ended']);
  });

  test('a child that ends after its run keeps its real end', async () => {
    const r = run();
    r.prompt('x');
    const call = r.toolCall('slow');
    await r.end();
    outbox.sent();
    call.result('late').end();
    expect(outbox.merged(call.toolCallId)).toMatchObject({ outcome: 'ok', result: 'late' });
  });

  test('a second end, an error after the end and values after the end amend what was sent', async () => {
    const r = run();
    r.prompt('x');
    await r.end();
    outbox.sent();
    r.response('late');
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({ response: 'late', outcome: 'ok' });
    await r.error('too late');
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'error', status_message: 'too late' });
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'error' });
    expect(kinds()).toEqual(['run-ended-twice', 'run-ended-twice', 'run-ended-twice']);
  });

  test('an end without a prompt is kept and reported', async () => {
    const r = run();
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'ok' });
    expect(kinds()).toEqual(['run-without-prompt']);
  });

  test('status() pins the status, also on what ended already', async () => {
    const r = run();
    r.prompt('x').status(2, 'quality gate failed');
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({
      outcome: 'error',
      status_code: 2,
      status_message: 'quality gate failed',
    });
  });

  test('never ends before it starts, whatever the wall clock does', async () => {
    const r = run({ startTime: new Date(Date.now() + 60_000) });
    r.prompt('x');
    await r.end();
    const { start_time, end_time } = outbox.merged(r.runId);
    expect(Date.parse(String(end_time))).toBeGreaterThanOrEqual(Date.parse(String(start_time)));
  });

  test('what the host changes afterwards does not change what was recorded', async () => {
    const args = { q: 'before' };
    const metadata = { k: 'before', deep: { k: 'before' } };
    const messages = [{ role: 'user', content: 'before' }];
    const r = run({ metadata });
    r.prompt('x');
    const step = r.step().prompt(messages).response('r');
    const call = r.toolCall('t').args(args);
    args.q = 'after';
    metadata.k = 'after';
    metadata.deep.k = 'after';
    (messages[0] as { content: string }).content = 'after';
    messages.push({ role: 'user', content: 'after' });
    step.end();
    call.end();
    await r.end();
    expect(JSON.stringify(outbox.sent())).not.toContain('after');
  });

  test('nests: by run.run(), by parent, and inside sessions', async () => {
    const parent = run();
    const child = parent.run({ name: 'child' });
    const other = run({ parent });
    expect(outbox.merged(parent.runId).parent_run_id).toBeUndefined();
    for (const r of [parent, child, other]) await r.prompt('x').end();
    expect(outbox.merged(child.runId)).toMatchObject({ parent_run_id: parent.runId, name: 'child' });
    expect(outbox.merged(other.runId)).toMatchObject({ parent_run_id: parent.runId });

    const chat = session('chat-1', { conversational: true, userId: 'u' });
    const turn = chat.run({ name: 'turn' });
    await turn.prompt('x').end();
    expect(outbox.merged(turn.runId)).toMatchObject({
      session_id: 'chat-1',
      conversational: true,
      user_id: 'u',
      name: 'turn',
    });
  });

  test('await using ends it', async () => {
    let id = '';
    {
      await using r = run();
      r.prompt('x');
      id = r.runId;
    }
    expect(outbox.merged(id)).toMatchObject({ outcome: 'ok' });
  });

  test('shows its own fields alone to console.log and JSON', () => {
    expect(Object.keys(run().step())).not.toContain('recording');
    expect(JSON.stringify(run().toolCall('t'))).not.toContain('ledger');
  });
});

describe('a timeout', () => {
  const later = (ms: number) => vi.advanceTimersByTime(ms);

  test('closes a run that nobody ended, with its children, as timed_out', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    const r = run({ timeout: 5_000 });
    const call = r.toolCall('t');
    later(4_900);
    expect(outbox.merged(r.runId).end_time).toBeUndefined();
    later(200);
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'timed_out', status_code: 2 });
    expect(outbox.merged(call.toolCallId)).toMatchObject({ outcome: 'error' });
  });

  test('comes from configure({ runTimeout }), is 20 minutes by default and off with 0', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    const byDefault = run();
    configure({ runTimeout: 1_000 });
    const short = run();
    const off = run({ timeout: 0 });
    later(2_000);
    expect(outbox.merged(short.runId)).toMatchObject({ outcome: 'timed_out' });
    later(1_200_000);
    expect(outbox.merged(byDefault.runId)).toMatchObject({ outcome: 'timed_out' });
    expect(outbox.merged(off.runId).outcome).toBeUndefined();
  });

  test.each([Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, Number.NaN, -1, 'soon'])(
    'of %s never fires early',
    (timeout) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
      const r = run({ timeout: timeout as number });
      later(3_600_000);
      expect(outbox.merged(r.runId).outcome).toBeUndefined();
    },
  );

  test('followed by a late end keeps the real response and does not throw', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    const r = run({ timeout: 1_000 });
    r.prompt('x');
    later(2_000);
    r.response('the real answer');
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'timed_out', response: 'the real answer' });
    expect(kinds()).toEqual(['run-ended-after-timeout']);
  });

  test('long runs announce what they have so far every second, and that they are alive', () => {
    const from = performance.now();
    const r = run();
    r.prompt('x');
    const step = r.step();
    const sent = () => outbox.sent('run').filter(({ run_id }) => run_id === r.runId).length;
    beat(from + 500);
    expect(sent()).toBe(0);
    beat(from + 2_500);
    expect(outbox.merged(r.runId)).toMatchObject({ prompt: { user_prompt: 'x' } });
    expect(outbox.merged(r.runId).end_time).toBeUndefined();
    expect(outbox.merged(step.stepId).end_time).toBeUndefined();
    expect(sent()).toBe(1);
    beat(from + 20_000);
    expect(sent()).toBe(1);
    beat(performance.now() + 31_000);
    expect(sent()).toBe(2);
  });

  test('the pulse is not among the timers of a host that fakes them', () => {
    vi.useFakeTimers();
    run({ timeout: 0 }).prompt('x');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('nothing the host hands over throws or rejects', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const hostile: [string, unknown][] = [
    ['null', null],
    ['undefined', undefined],
    ['a number', 42],
    ['a BigInt', 10n],
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['a cycle', cycle],
    [
      'a throwing getter',
      Object.defineProperty({}, 'x', {
        enumerable: true,
        get: () => {
          throw new Error('getter');
        },
      }),
    ],
    [
      'a throwing toJSON',
      {
        toJSON: () => {
          throw new Error('toJSON');
        },
      },
    ],
    [
      'a throwing proxy',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('proxy');
          },
          ownKeys: () => {
            throw new Error('keys');
          },
        },
      ),
    ],
    [
      'a revoked proxy',
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ],
    [
      'a class instance',
      new (class Foo {
        a = 1;
        #b = 2;
        get c() {
          return this.#b;
        }
      })(),
    ],
    ['a Map', new Map([[{}, 1n]])],
    ['an Error', new Error('e', { cause: cycle })],
    ['bytes', new Uint8Array(100_000)],
    ['an invalid date', new Date(Number.NaN)],
    ['a lone surrogate', 'a\ud800b'],
    ['10 MB of text', 'x'.repeat(10_000_000)],
    ['__proto__', JSON.parse('{"__proto__": {"polluted": 1}}')],
    [
      'a very deep tree',
      (() => {
        let deep: unknown = 1;
        for (let i = 0; i < 20_000; i++) deep = { deep };
        return deep;
      })(),
    ],
  ];

  test.each(hostile)('%s', async (_name, value) => {
    const any = value as never;
    const r = run(any);
    r.prompt(any).response(any).metadata(any, { value }).tags(any).user(any).status(any, any).endTime(any);
    r.prompt({ user_prompt: value as string, system_prompt: any });
    const step = r.step(any);
    step.prompt(any).response(any).model(any).tokens(any).cost(any).finishReason(any).toolDefinitions(any);
    step
      .prompt([value as never])
      .tokens({ uncached: any, cached: any })
      .status(any)
      .endTime(any)
      .end();
    step.error(any);
    const call = r.toolCall(any);
    call.name(any).args(any).result(any).status(any).endTime(any).end();
    call.error(any);
    r.step({ stepId: any, startTime: any });
    r.toolCall({ name: any, toolCallId: any, startTime: any });
    await r.end();
    await r.error(any);
    await run({
      runId: any,
      sessionId: any,
      startTime: any,
      timeout: any,
      tags: any,
      metadata: any,
      parent: any,
    }).end();
    expect(() => outbox.sent()).not.toThrow();
    expect(outbox.sent('run').length).toBeGreaterThanOrEqual(2);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('and under strict misuse throws with a message that names the fix', async () => {
    configure({ strict: true });
    const r = run();
    await expect(r.end()).rejects.toThrow(/Call run.prompt\(\) before run.end\(\)/);
    r.prompt('x');
    const open = r.step();
    await expect(r.end()).rejects.toThrow(/still open.*Call end\(\) on each/);
    open.prompt('p').end();
    await r.end();
    await expect(r.end()).rejects.toThrow(/ended twice/);
    expect(() => open.end()).toThrow(/ended twice/);
    expect(() => r.prompt(null as never)).toThrow(/prompt\(\) takes text/);
    expect(() => r.status(7)).toThrow(/status\(\) takes 0/);
    expect(() => run({ startTime: new Date('nope') })).toThrow(/startTime/);
    expect(() => r.toolCall().end()).toThrow(/name/);
    expect(() => r.step().tokens({ uncached: Number.NaN })).toThrow(/prompt_uncached_tokens/);
  });

  test('a run that strict refused to end can be mended and ended', async () => {
    configure({ strict: true });
    const r = run();
    await expect(r.end()).rejects.toThrow();
    r.prompt('x');
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({ outcome: 'ok' });
  });
});

describe('what is not recorded', () => {
  test('disabled: nothing leaves, everything works', async () => {
    configure({ disabled: true });
    const r = run();
    r.prompt('x').step().prompt('p').end();
    await r.end();
    expect(outbox.sent()).toEqual([]);
  });

  test('sampling decides per root run, and nested runs follow', async () => {
    configure({ sample: ({ name }) => name === 'kept' });
    const kept = run({ name: 'kept' });
    const left = run({ name: 'left' });
    await kept.run({ name: 'nested' }).prompt('x').end();
    await left.run({ name: 'kept' }).prompt('x').end();
    await kept.prompt('x').end();
    await left.prompt('x').end();
    expect(outbox.sent('run').map(({ name }) => name)).toEqual(['nested', 'kept']);
  });

  test('a sample hook that throws keeps the run', async () => {
    configure({
      sample: () => {
        throw new Error('no');
      },
    });
    await run().prompt('x').end();
    expect(outbox.sent('run')).toHaveLength(1);
    expect(kinds()).toEqual(['sample-failed']);
  });
});

describe('durable mode', () => {
  test('hands over every change as it happens', () => {
    outbox.restore();
    outbox = memoryOutbox({ eager: true });
    const r = run();
    r.prompt('x');
    expect(outbox.merged(r.runId)).toMatchObject({ prompt: { user_prompt: 'x' } });
    const step = r.step();
    step.prompt('p');
    expect(outbox.merged(step.stepId)).toMatchObject({ prompt: 'p' });
  });
});
