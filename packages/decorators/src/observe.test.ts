import { currentRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { COMPILERS, load, typeErrors } from './compile.test.support.js';
import { observe } from './index.js';

const AGENT = `
  import { observe } from '@observatory/decorators';

  class Base {
    greeting = 'Hello';
    @observe()
    greet(name: string) {
      return this.greeting + ' ' + name;
    }
  }

  const SECRET: unique symbol = Symbol('secret');

  export class Agent extends Base {
    @observe({ as: 'tool', name: 'search_flights' })
    async search(to: string, limit = 3) {
      return this.greeting + to + limit;
    }
    @observe({ as: 'tool' })
    override greet(name: string) {
      return super.greet(name) + '!';
    }
    @observe({ as: 'tool' })
    *count(n: number) {
      const sent: string = yield n;
      return sent;
    }
    @observe({ as: 'tool' })
    static create() {
      return new this();
    }
    @observe({ as: 'tool' })
    [SECRET]() {
      return 's';
    }
    @observe({ as: 'tool' })
    fails() {
      throw new RangeError('no');
    }
    callSecret() {
      return this[SECRET]();
    }
  }
`;

interface Agent {
  search: ((to: string, limit?: number) => Promise<string>) & { name: string; length: number };
  greet(name: string): string;
  count(n: number): Generator<number, string, string>;
  fails(): void;
  callSecret(): string;
}

describe.each(COMPILERS)('methods decorated by $standard and compiled by $compiler', (compilation) => {
  test('record themselves and stay what they are', async () => {
    using captured = captureRuns();
    const { Agent } = await load<{ Agent: { new (): Agent; create(): Agent } }>(compilation, AGENT);
    const agent = Agent.create();
    expect(agent).toBeInstanceOf(Agent);
    expect(await agent.search('Oslo')).toBe('HelloOslo3');
    expect(agent.search.name).toBe('search');
    expect(agent.search.length).toBe(1);
    expect(agent.greet('you')).toBe('Hello you!');
    const counter = agent.count(7);
    expect(counter.next()).toEqual({ done: false, value: 7 });
    expect(counter.next('back')).toEqual({ done: true, value: 'back' });
    expect(agent.callSecret()).toBe('s');
    expect(() => agent.fails()).toThrow(RangeError);
    await captured.settled();
    const calls = captured.allRuns.flatMap(({ tool_calls }) => tool_calls);
    expect(calls.map(({ tool_name, outcome }) => [tool_name, outcome])).toEqual([
      ['create', 'ok'],
      ['search_flights', 'ok'],
      ['greet', 'ok'],
      ['count', 'ok'],
      ['secret', 'ok'],
      ['fails', 'error'],
    ]);
    // The one that `super` calls is a run in the tool call around it.
    const greet = captured.allRuns.find(({ name, parent_run_id }) => name === 'greet' && parent_run_id);
    expect(greet).toMatchObject({
      parent_tool_call_id: calls[2]?.tool_call_id,
      prompt: { user_prompt: 'you' },
    });
  });
});

describe.each(COMPILERS.filter(({ standard }) => standard === 'TC39'))(
  'fields decorated by TC39 and compiled by $compiler',
  (compilation) => {
    test('record the function they hold, private methods too', async () => {
      using captured = captureRuns();
      const { Agent } = await load<{ Agent: new () => { ask(q: string): string; hidden(): string } }>(
        compilation,
        `import { observe } from '@observatory/decorators';
         export class Agent {
           name = 'x';
           @observe({ as: 'tool' }) ask = (question: string) => this.name + question;
           @observe({ as: 'tool' }) #private() { return this.name; }
           hidden() { return this.#private(); }
         }`,
      );
      const agent = new Agent();
      expect(agent.ask('?')).toBe('x?');
      expect(agent.hidden()).toBe('x');
      await captured.settled();
      expect(captured.runs.flatMap(({ tool_calls }) => tool_calls.map(({ tool_name }) => tool_name))).toEqual(
        ['ask', '#private'],
      );
    });
  },
);

test.each([
  ['a getter', { kind: 'getter', name: 'x' }, undefined, 'x is a getter'],
  ['a class', { kind: 'class', name: 'X' }, undefined, 'X is a class'],
  ['an accessor', 'x', { get: () => 1 }, 'x is an accessor'],
  ['a field', 'x', undefined, 'x is a field'],
])('%s is refused with what to do instead', (_what, context, descriptor, message) => {
  const decorate = observe() as unknown as (...args: unknown[]) => unknown;
  expect(() => decorate({}, context, descriptor)).toThrow(TypeError);
  expect(() => decorate({}, context, descriptor)).toThrow(message);
  expect(() => decorate({}, context, descriptor)).toThrow('traced()');
});

test("Babel's legacy fields are initialised with the traced function", () => {
  using captured = captureRuns();
  const decorate = observe({ as: 'tool' }) as unknown as (...args: unknown[]) => {
    initializer(this: unknown): () => number;
  };
  const { initializer } = decorate({}, 'ask', { initializer: () => () => 7 });
  expect(initializer.call({})()).toBe(7);
  expect(captured.runs[0]?.tool_calls).toMatchObject([{ tool_name: 'ask', result: '7' }]);
});

test("OpenAI's promises and streams stay what they are", async () => {
  using captured = captureRuns();
  await using server = await modelServer();
  const client = new OpenAI(server.clientOptions);
  const decorate = observe({ name: 'ask' }) as unknown as <Fn>(fn: Fn, context: object) => Fn;
  const body = { model: 'gpt-test', messages: [{ role: 'user' as const, content: 'Hi' }] };
  const ask = decorate(() => client.chat.completions.create(body), { kind: 'method', name: 'ask' });
  const stream = decorate(
    async () => {
      const made = await client.chat.completions.create({ ...body, stream: true });
      expect(currentRun()?.runId).toBeDefined();
      return made;
    },
    { kind: 'method', name: 'stream' },
  );

  expect((await ask()).choices[0]?.message.content).toBe('You said: Hi');
  const { data, response } = await ask().withResponse();
  expect([data.choices[0]?.message.content, response.status]).toEqual(['You said: Hi', 200]);
  expect((await ask().asResponse()).status).toBe(200);
  const streamed = await stream();
  expect(streamed.controller).toBeInstanceOf(AbortController);
  let text = '';
  for await (const chunk of streamed) text += chunk.choices[0]?.delta.content ?? '';
  expect(text).toBe('You said: Hi');
  const [one, two] = (await stream()).tee();
  for (const branch of [one, two]) for await (const _ of branch);
  expect(await new Response((await stream()).toReadableStream()).text()).toContain('Hi');
  await captured.settled();
  expect(captured.runs.map(({ outcome }) => outcome)).toEqual(Array(6).fill('ok'));
});

const TYPED = (decorated: string) => `
  import { observe } from '@observatory/decorators';
  export class Agent {
    private host = 'h';
    @observe({ as: 'tool' }) generic<T extends object>(value: T): T { return value; }
    @observe() overloaded(value: string): string;
    overloaded(value: number): number;
    overloaded(value: string | number): string | number { return value; }
    @observe() bound(this: Agent, n: number) { return this.host + n; }
    @observe() async stream(): Promise<ReadableStream<string>> { return new ReadableStream(); }
    ${decorated}
  }
  const agent = new Agent();
  export const kept: { a: number } = agent.generic({ a: 1 });
  export const text: string = agent.overloaded('x');
  export const number: number = agent.overloaded(1);
  // @ts-expect-error the parameter's type is kept
  agent.bound('not a number');
`;

test.each([
  ['5.9', false, '@observe() ask = (q: string): string => q;', '@observe() count = 7;'],
  ['7', false, '@observe() ask = (q: string): string => q;', '@observe() count = 7;'],
  ['5.9', true, '', '@observe() get x() { return 7; }'],
  ['7', true, '', '@observe() get x() { return 7; }'],
] as const)(
  'TypeScript %s (experimentalDecorators: %s) keeps generics, overloads and this, and refuses what it is not for',
  async (version, legacy, fine, wrong) => {
    // Overload signatures take no decorator by the old standard, and need none.
    const source = (extra: string) =>
      TYPED(extra)
        .replace('@observe() overloaded(value: string): string;', 'overloaded(value: string): string;')
        .replace('overloaded(value: string | number)', '@observe() overloaded(value: string | number)');
    const [good, bad] = await Promise.all([
      typeErrors(version, source(fine), legacy),
      typeErrors(version, source(wrong), legacy),
    ]);
    expect(good).toEqual([]);
    expect(bad.length).toBeGreaterThan(0);
  },
  60_000,
);
