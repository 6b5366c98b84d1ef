import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { currentRun } from './ambient.js';
import { configure, resetConfig } from './config.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { run } from './run.js';
import { type TracedOptions, traced } from './traced.js';
import { withRun } from './with-run.js';

let outbox: ReturnType<typeof memoryOutbox>;
const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

beforeEach(() => {
  outbox = memoryOutbox();
  configure({ onDiagnostic: () => {} });
});

afterEach(() => {
  outbox.restore();
  resetConfig();
});

/** The fields of the only run, step or tool call of that type. */
function only(type: 'run' | 'step' | 'tool_call') {
  const items = outbox.sent(type);
  const ids = new Set(items.map((item) => item.step_id ?? item.tool_call_id ?? item.run_id));
  expect(ids.size).toBe(1);
  return outbox.merged(String([...ids][0]));
}

describe('a traced function is the function it was', () => {
  test('its name, length, properties and this', () => {
    function search(this: { host: string }, query: string, _limit: number) {
      return `${this.host}/${query}`;
    }
    search.version = 2;
    const wrapped = traced(search, { as: 'tool' });
    expect(wrapped.name).toBe('search');
    expect(wrapped.length).toBe(2);
    expect(wrapped.version).toBe(2);
    expect(wrapped.call({ host: 'h' }, 'q', 1)).toBe('h/q');
    expect(only('tool_call')).toMatchObject({ tool_name: 'search', args: '["q",1]', result: 'h/q' });
  });

  test('sync results and throws stay sync', () => {
    const double = traced((n: number) => n * 2, { name: 'double' });
    expect(double(2)).toBe(4);
    const error = new RangeError('too large');
    const fails = traced(
      () => {
        throw error;
      },
      { name: 'fails' },
    );
    expect(() => fails()).toThrow(error);
    expect(
      outbox
        .sent('run')
        .filter(({ end_time }) => end_time)
        .map(({ outcome, status_message }) => [outcome, status_message]),
    ).toEqual([
      ['ok', undefined],
      ['error', 'RangeError: too large'],
    ]);
  });

  test('tracing it twice changes nothing, also not for a class that extends one', () => {
    const once = traced(() => 1, { name: 'once' });
    expect(traced(once)).toBe(once);
    class Base {}
    const TracedBase = traced(Base as never) as unknown as typeof Base;
    class Derived extends TracedBase {}
    expect(new TracedBase()).toBeInstanceOf(Base);
    expect(new Derived()).toBeInstanceOf(Base);
    expect(traced(Derived as never)).not.toBe(Derived);
  });

  test('recursion is a tree of runs', () => {
    const countdown: (n: number) => number = traced((n: number) => (n === 0 ? 0 : countdown(n - 1)), {
      name: 'countdown',
    });
    countdown(2);
    const parents = outbox.sent('run').map(({ parent_run_id }) => parent_run_id);
    expect(new Set(parents).size).toBe(3);
  });

  test('what cannot be recorded never reaches the caller', () => {
    const hostile = {
      get secret() {
        throw new Error('do not look');
      },
    };
    const wrapped = traced((value: unknown) => value, { as: 'tool', name: 'hostile' });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(wrapped(hostile)).toBe(hostile);
    expect(wrapped(revoked.proxy)).toBe(revoked.proxy);
    expect(wrapped(10n)).toBe(10n);
  });
});

describe('promises', () => {
  test('settle as they did, and end the call', async () => {
    expect(await traced(async (q: string) => q.length, { as: 'tool', name: 'count' })('abc')).toBe(3);
    expect(only('tool_call')).toMatchObject({ args: 'abc', result: '3', outcome: 'ok' });
  });

  test('that nobody handles are still reported as unhandled, once', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    const before = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', listen);
    const error = new Error('nobody cares');
    void traced(() => Promise.reject(error), { name: 'rejects' })();
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.removeAllListeners('unhandledRejection');
    for (const one of before) process.on('unhandledRejection', one);
    expect(unhandled).toEqual([error]);
    expect(only('run')).toMatchObject({ outcome: 'error', status_message: 'nobody cares' });
  });

  test('of a subclass stay the same object, with their own methods and private fields', async () => {
    class ApiPromise<T> extends Promise<T> {
      #parsed: Promise<T>;
      constructor(parsed: Promise<T>) {
        super((resolve) => resolve(null as T));
        this.#parsed = parsed;
      }
      // biome-ignore lint/suspicious/noThenProperty: as OpenAI's promises have it
      override then<A = T, B = never>(
        onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
        onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        return this.#parsed.then(onFulfilled, onRejected);
      }
      override catch<B>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null) {
        return this.#parsed.catch(onRejected);
      }
      override finally(onFinally?: (() => void) | null) {
        return this.#parsed.finally(onFinally);
      }
      async withResponse() {
        return { data: await this.#parsed, response: { status: 200 } };
      }
    }
    const make = () => new ApiPromise(Promise.resolve('answer'));
    const ask = traced(make, { as: 'tool', name: 'ask' });
    const promise = ask();
    expect(promise).toBeInstanceOf(ApiPromise);
    expect(await promise).toBe('answer');
    expect(await promise.finally(() => {})).toBe('answer');
    expect(await ask().finally(() => {})).toBe('answer');
    expect(await ask().catch(() => {})).toBe('answer');
    expect(await ask().withResponse()).toEqual({ data: 'answer', response: { status: 200 } });
    expect(
      outbox
        .sent('tool_call')
        .filter(({ end_time }) => end_time)
        .map(({ result }) => result),
    ).toEqual(['answer', 'answer', 'answer', 'answer']);
  });

  test('that are lazy are not started, and start where the call stands when somebody asks', async () => {
    let started = 0;
    const query = {
      table: 'users',
      // biome-ignore lint/suspicious/noThenProperty: query builders are lazy thenables
      then(resolve: (rows: string[]) => void) {
        started++;
        currentRun()?.metadata({ executed: true });
        resolve(['row']);
      },
    };
    const find = traced(() => query, { name: 'find' });
    const outer = run({ runId: 'outer' });
    const result = withRun(outer, () => find());
    expect(result).toBe(query);
    await tick();
    expect(started).toBe(0);
    await withRun(outer, async () => {
      expect(await result).toEqual(['row']);
      expect(currentRun()).toBe(outer);
      const seen = await new Promise((resolve) => void result.then(() => resolve(currentRun())));
      expect(seen).toBe(outer);
    });
    expect(started).toBe(2);
    const found = outbox.sent('run').find(({ name }) => name === 'find');
    expect(outbox.merged(String(found?.run_id))).toMatchObject({
      response: '["row"]',
      metadata: { executed: true },
    });
  });

  test('of a generator, stream or response are followed into it', async () => {
    const chat = traced(
      async () =>
        (async function* () {
          await tick();
          currentRun()?.metadata({ inside: true });
          yield 'one ';
          yield 'two';
        })(),
      { name: 'chat' },
    );
    const seen: string[] = [];
    for await (const text of await chat()) seen.push(text);
    expect(seen).toEqual(['one ', 'two']);
    expect(only('run')).toMatchObject({ response: 'one two', outcome: 'ok', metadata: { inside: true } });
  });
});

describe('generators', () => {
  const kinds = [
    [
      'sync',
      function* (): Generator<number, number, number> {
        const sent = yield 1;
        yield sent;
        return 9;
      },
    ],
    [
      'async',
      async function* (): AsyncGenerator<number, number, number> {
        const sent = yield 1;
        yield sent;
        return 9;
      },
    ],
  ] as const;

  test.each(kinds)('that are %s take values in, give values out and return', async (_kind, generate) => {
    const generator = traced(generate as () => AsyncGenerator<number, number, number>, { name: 'g' })();
    expect(await generator.next(0)).toEqual({ done: false, value: 1 });
    expect(await generator.next(42)).toEqual({ done: false, value: 42 });
    expect(await generator.next(0)).toEqual({ done: true, value: 9 });
    expect(only('run')).toMatchObject({ response: '9', outcome: 'ok' });
  });

  test('that are left run their finally, and the call is cancelled with what it gave', async () => {
    let cleaned: unknown;
    const generate = traced(
      async function* () {
        try {
          yield 'a';
          yield 'b';
        } finally {
          cleaned = currentRun()?.runId;
        }
      },
      { name: 'g' },
    );
    for await (const _ of generate()) break;
    const item = only('run');
    expect(item).toMatchObject({ outcome: 'cancelled', status_code: 0, response: 'a' });
    expect(cleaned).toBe(item.run_id);
  });

  test('take errors in, and end with those that get out', async () => {
    const generate = traced(
      function* () {
        try {
          yield 1;
        } catch {
          yield 2;
        }
      },
      { name: 'g' },
    );
    const generator = generate();
    generator.next();
    expect(generator.throw(new Error('dealt with'))).toEqual({ done: false, value: 2 });
    expect(() => generator.throw(new Error('not dealt with'))).toThrow('not dealt with');
    expect(only('run')).toMatchObject({ outcome: 'error', status_message: 'not dealt with' });
  });

  test('that nobody pulls leave no trace, also when they are closed', () => {
    const generate = traced(
      function* () {
        yield 1;
      },
      { name: 'g' },
    );
    generate();
    const closed = generate();
    expect(closed.return()).toEqual({ done: true, value: undefined });
    expect(closed.next()).toEqual({ done: true, value: undefined });
    expect(outbox.sent()).toEqual([]);
  });

  test('belong to where they were called, and run there, whoever pulls', async () => {
    const outer = run({ runId: 'outer' });
    const generate = traced(
      async function* () {
        yield currentRun()?.runId;
      },
      { as: 'tool', name: 'g' },
    );
    const generator = withRun(outer, () => ({ it: generate() })).it;
    expect((await generator.next()).value).toBe('outer');
    await generator.next();
    expect(only('tool_call')).toMatchObject({ run_id: 'outer', result: 'outer' });
  });

  test('keep what they gave within bounds', () => {
    const generate = traced(
      function* () {
        for (let i = 0; i < 5_000; i++) yield i;
      },
      { name: 'g' },
    );
    let count = 0;
    for (const _ of generate()) count++;
    expect(count).toBe(5_000);
    expect(JSON.parse(String(only('run').response))).toHaveLength(1_000);
  });
});

describe('iterables of clients', () => {
  /** Shaped as OpenAI's: every iterator is made by an own `iterator`. */
  class ClientStream implements AsyncIterable<string> {
    readonly controller = new AbortController();
    private readonly iterator: () => AsyncIterator<string>;
    constructor(iterator: () => AsyncIterator<string>) {
      this.iterator = iterator;
    }
    [Symbol.asyncIterator]() {
      return this.iterator();
    }
    tee(): [AsyncIterator<string>, AsyncIterator<string>] {
      const iterator = this.iterator();
      return [iterator, iterator];
    }
  }
  const stream = () =>
    new ClientStream(async function* () {
      yield 'a';
      yield 'b';
    });

  test('stay the same object with their other members, and end when they are read', async () => {
    const made = stream();
    const result = traced(() => made, { name: 'stream' })();
    expect(result).toBe(made);
    expect(result.controller).toBeInstanceOf(AbortController);
    const seen: string[] = [];
    for await (const text of result) seen.push(text);
    expect(seen).toEqual(['a', 'b']);
    expect(only('run')).toMatchObject({ response: 'ab', outcome: 'ok' });
  });

  test('end also when they are read another way', async () => {
    const [branch] = traced(stream, { name: 'stream' })().tee();
    while (!(await branch.next()).done);
    expect(only('run')).toMatchObject({ outcome: 'ok' });
  });

  test('that take no property are handed on', () => {
    const frozen = Object.freeze({ async *[Symbol.asyncIterator]() {} });
    expect(traced(() => frozen, { name: 'frozen' })()).toBe(frozen);
    expect(only('run')).toMatchObject({ outcome: 'ok' });
  });
});

describe('streams', () => {
  test('are read only as far as their consumer reads, in the scope of the call', async () => {
    let pulls = 0;
    const runs = new Set<string | undefined>();
    const make = traced(
      () =>
        new ReadableStream<string>(
          {
            pull(controller) {
              runs.add(currentRun()?.runId);
              controller.enqueue(`${++pulls}`);
            },
          },
          { highWaterMark: 0 },
        ),
      { name: 'stream' },
    );
    const reader = make().getReader();
    expect((await reader.read()).value).toBe('1');
    await tick();
    expect(pulls).toBe(1);
    await reader.cancel();
    const item = only('run');
    expect(item).toMatchObject({ outcome: 'cancelled' });
    expect([...runs]).toEqual([item.run_id]);
  });

  test('of bytes can still be read into a buffer of the reader', async () => {
    const make = traced(() => new Response('hello').body as ReadableStream<Uint8Array>, { name: 'bytes' });
    const reader = make().getReader({ mode: 'byob' });
    const first = await reader.read(new Uint8Array(3));
    expect(new TextDecoder().decode(first.value)).toBe('hel');
    const second = await reader.read(new Uint8Array(3));
    expect(new TextDecoder().decode(second.value)).toBe('lo');
    expect((await reader.read(new Uint8Array(3))).done).toBe(true);
    expect(only('run')).toMatchObject({ outcome: 'ok' });
  });

  test('that fail fail the call', async () => {
    const make = traced(
      () =>
        new ReadableStream({
          pull() {
            throw new Error('source broke');
          },
        }),
      { name: 'stream' },
    );
    await expect(make().getReader().read()).rejects.toThrow('source broke');
    expect(only('run')).toMatchObject({ outcome: 'error', status_message: 'source broke' });
  });

  test('of Node stay the same object and end with it', async () => {
    const source = Readable.from(['a', 'b']);
    const result = traced(() => source, { name: 'stream' })();
    expect(result).toBe(source);
    expect(await result.toArray()).toEqual(['a', 'b']);
    await vi.waitFor(() => expect(only('run')).toMatchObject({ outcome: 'ok' }));
  });

  test('in a Response keep its status and headers; a locked one is handed on', async () => {
    const respond = traced(async () => new Response('body', { status: 201, headers: { 'x-a': '1' } }), {
      name: 'respond',
    });
    const response = await respond();
    expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([201, '1', 'body']);
    expect(only('run')).toMatchObject({ outcome: 'ok' });
    const locked = new ReadableStream();
    locked.getReader();
    expect(traced(() => locked, { name: 'locked' })()).toBe(locked);
  });
});

describe('what is recorded', () => {
  const call = async (options: TracedOptions, fn = async (q: string) => `found ${q}`) =>
    traced(fn, options)('x');

  test('a run, a step or a tool call, which stands in the one around it', async () => {
    await withRun({ runId: 'outer' }, async () => {
      await call({ as: 'run', name: 'expert' });
      await call({ as: 'step', name: 'gpt-local' });
      await call({ as: 'tool', name: 'search' });
    });
    expect(outbox.sent('run').find(({ name }) => name === 'expert')).toMatchObject({
      parent_run_id: 'outer',
    });
    expect(only('step')).toMatchObject({
      run_id: 'outer',
      model_requested: 'gpt-local',
      prompt: 'x',
      response: 'found x',
    });
    expect(only('tool_call')).toMatchObject({
      run_id: 'outer',
      tool_name: 'search',
      args: 'x',
      result: 'found x',
    });
  });

  test('neither arguments nor results where that is asked for', async () => {
    await call({ as: 'tool', name: 'secret', captureInput: false, captureOutput: false });
    const item = only('tool_call');
    expect(item.args).toBeUndefined();
    expect(item.result).toBeUndefined();
  });

  test('a step or tool call outside any run opens one of its own', async () => {
    await call({ as: 'tool', name: 'search' });
    expect(only('tool_call').run_id).toBe(only('run').run_id);
    expect(only('run')).toMatchObject({ name: 'search', outcome: 'ok' });
  });
});
