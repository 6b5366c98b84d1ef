import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configure, resetConfig } from './config.js';
import { contentHash } from './content.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { run } from './run.js';
import type { ContentRefs } from './wire.js';

type Item = Record<string, unknown>;
interface Message {
  role: string;
  content: string;
}

/** The refs of wire.ts, read word for word: every list by its hash, every body by its own. */
function reader(items: Item[]) {
  const bodies = new Map<string, unknown>();
  const lists = new Map<string, string[]>();
  const names = (refs: ContentRefs) =>
    refs.map((ref) => (typeof ref === 'string' ? ref : contentHash(JSON.stringify(ref))));
  for (const item of items) {
    if (item.type === 'content') bodies.set(item.hash as string, item.body);
    for (const field of ['messages', 'output', 'tool_definitions']) {
      const refs = item[field] as ContentRefs | undefined;
      if (!Array.isArray(refs)) continue;
      for (const ref of refs) if (typeof ref === 'object') bodies.set(contentHash(JSON.stringify(ref)), ref);
      lists.set(contentHash(JSON.stringify(names(refs))), names(refs));
    }
  }
  const whole = (refs: string[]): string[] => {
    if (!refs[0]?.startsWith('@')) return refs;
    const base = lists.get(refs[0].slice(1));
    if (!base) throw new Error(`no item carries the list ${refs[0]}`);
    return [...whole(base), ...refs.slice(1)];
  };
  return (refs: unknown): unknown[] =>
    whole(names(refs as ContentRefs)).map((hash) => {
      if (!bodies.has(hash)) throw new Error(`no item carries ${hash}`);
      return bodies.get(hash);
    });
}

let outbox: ReturnType<typeof memoryOutbox>;
beforeEach(() => {
  outbox = memoryOutbox();
});
afterEach(() => {
  outbox.restore();
  resetConfig();
});

const text = (n: number, length: number) => `message ${n} `.repeat(Math.ceil(length / 10)).slice(0, length);
const bytesOf = (items: unknown[]) =>
  items.reduce((sum: number, item) => sum + JSON.stringify(item).length, 0);

/** Each call records a step; gives what the wire says each step got. */
function record(histories: Message[][], sealEach = true): unknown[][] {
  const agent = run().prompt('go');
  for (const messages of histories) {
    agent.step().prompt(messages).response('ok').end();
    if (sealEach) outbox.sent();
  }
  void agent.response('done').end();
  const items = outbox.sent();
  const read = reader(items);
  return items.filter(({ type }) => type === 'step').map(({ messages }) => read(messages));
}

describe('what an agent loop sends', () => {
  test('is its messages once, and for each step what is new: 50 steps over 100 KB send at most 1.2 times that', async () => {
    const agent = run().prompt('go on until it is done');
    const history: Message[] = [{ role: 'system', content: text(0, 1000) }];
    for (let n = 0; n < 50; n++) {
      history.push({ role: 'user', content: text(2 * n + 1, 1000) });
      const answer = { role: 'assistant', content: text(2 * n + 2, 1000) };
      agent.step().prompt(history).response(answer).model('gpt-5').end();
      history.push(answer);
    }
    await agent.response('done').end();
    const items = outbox.sent();
    expect(bytesOf(items)).toBeLessThan(1.2 * bytesOf(history));
    const steps = items.filter(({ type }) => type === 'step');
    const read = reader(items);
    steps.forEach(({ messages, output }, n) => {
      expect(read(messages)).toEqual(history.slice(0, 2 * n + 2));
      expect(read(output)).toEqual([history[2 * n + 2]]);
    });
  });

  test('grows with the number of steps and not with its square', () => {
    const history: Message[] = [];
    const sizes = [100, 200, 400].map((steps) => {
      outbox.restore();
      outbox = memoryOutbox();
      history.length = 0;
      record(
        Array.from({ length: steps }, (_, n) => {
          history.push({ role: 'user', content: `${n}` });
          return [...history];
        }),
      );
      return bytesOf(outbox.sent());
    });
    expect(sizes[2]! / sizes[1]!).toBeLessThan(2.1);
  });

  test('names the tool schemas that every step repeats by their list', async () => {
    const tools = Array.from({ length: 20 }, (_, n) => ({ name: `tool${n}`, description: text(n, 200) }));
    const agent = run().prompt('go');
    for (let n = 0; n < 10; n++)
      agent
        .step()
        .prompt([{ role: 'user', content: `${n}` }])
        .response('ok')
        .toolDefinitions(tools)
        .end();
    await agent.end();
    const items = outbox.sent();
    const steps = items.filter(({ type }) => type === 'step');
    expect(steps[0]?.tool_definitions).toEqual(tools);
    const read = reader(items);
    for (const { tool_definitions } of steps.slice(1)) {
      expect(tool_definitions).toEqual([expect.stringMatching(/^@[\w-]{22}$/)]);
      expect(read(tool_definitions)).toEqual(tools);
    }
  });
});

describe('what a reader gets', () => {
  const message = fc.record({
    role: fc.constantFrom('user', 'assistant'),
    content: fc.constantFrom('a', 'b', 'c', 'ü', '\ud800', '"quoted"', '@looks-like-a-reference-1'),
  });
  /** Parallel conversations that go on, are trimmed, edited, repeated and begun anew. */
  const edits = fc.array(
    fc.record({
      branch: fc.nat(11),
      edit: fc.constantFrom('add', 'add', 'add', 'repeat', 'trim', 'replace', 'fork', 'clear'),
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      at: fc.nat(20),
    }),
    { maxLength: 60 },
  );

  test('is exactly what was recorded, whatever happens to the histories of a run', () => {
    fc.assert(
      fc.property(edits, fc.boolean(), (script, sealEach) => {
        outbox.restore();
        outbox = memoryOutbox();
        const branches: Message[][] = Array.from({ length: 12 }, () => []);
        const histories = script.map(({ branch, edit, messages, at }) => {
          const history = branches[branch]!;
          if (edit === 'add') history.push(...messages);
          if (edit === 'trim') history.splice(0, at % (history.length + 1));
          if (edit === 'replace') history.splice(at % (history.length + 1), 1, ...messages);
          if (edit === 'fork') branches[at % 12] = [...history];
          if (edit === 'clear') history.length = 0;
          return [...history];
        });
        expect(record(histories, sealEach)).toEqual(histories);
      }),
      { numRuns: 300 },
    );
  });

  test('is the same for messages of any JSON', () => {
    const odd = fc.dictionary(
      fc.oneof(fc.constantFrom('__proto__', '1', 'role', 'toJSON'), fc.string()),
      fc.jsonValue(),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 5 }), (messages) => {
        outbox.restore();
        outbox = memoryOutbox();
        const sent = record([messages, [...messages, { role: 'user' }]] as unknown as Message[][]);
        expect(sent).toEqual(JSON.parse(JSON.stringify([messages, [...messages, { role: 'user' }]])));
      }),
      { numRuns: 200 },
    );
  });

  test('is whole where messages are large or no objects: those are items of their own', () => {
    const messages = [
      { role: 'user', content: text(1, 100_000) },
      'just text',
      { role: 'user', content: 'short' },
      ['an', 'array'],
    ];
    expect(record([messages, [...messages, { role: 'user' }]] as unknown as Message[][])).toEqual([
      messages,
      [...messages, { role: 'user' }],
    ]);
    const items = outbox.sent();
    expect(items.filter(({ type }) => type === 'content').map(({ body }) => body)).toEqual([
      messages[0],
      'just text',
      messages[3],
    ]);
  });

  test('is whole where one step brings more than an item should hold, in items that can be sent apart', () => {
    const messages = Array.from({ length: 500 }, (_, n) => ({ role: 'user', content: text(n, 1000) }));
    expect(record([messages])).toEqual([messages]);
    for (const item of outbox.sent()) expect(JSON.stringify(item).length).toBeLessThan(200_000);
  });

  test('is what was sealed, also when redaction changes between two steps', () => {
    const history = [
      { role: 'user', content: 'call me at home' },
      { role: 'user', content: 'or at work' },
    ];
    const agent = run().prompt('go');
    agent.step().prompt(history).response('ok').end();
    outbox.sent();
    configure({ redact: (captured) => captured.replace('home', '…') });
    agent.step().prompt(history).response('ok').end();
    outbox.sent();
    configure({ maxTextLength: 4 });
    agent.step().prompt(history).response('ok').end();
    const items = outbox.sent();
    const read = reader(items);
    const [first, second, third] = items
      .filter(({ type }) => type === 'step')
      .map(({ messages }) => JSON.stringify(read(messages)));
    expect(first).toContain('home');
    expect(second).not.toContain('home');
    expect(second).toContain('at work');
    expect(third).toContain('call… [truncated');
  });

  test('holds no reference into another run', async () => {
    const messages = [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'hi' },
    ];
    for (let n = 0; n < 2; n++) {
      const agent = run().prompt('go');
      agent.step().prompt(messages).response('ok').end();
      await agent.end();
    }
    const steps = outbox.sent('step');
    expect(steps.map((step) => step.messages)).toEqual([messages, messages]);
  });
});
