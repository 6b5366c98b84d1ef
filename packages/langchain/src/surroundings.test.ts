import { InMemoryChatMessageHistory } from '@langchain/core/chat_history';
import { RunnableWithMessageHistory } from '@langchain/core/runnables';
import { currentRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instrumentLangChain, ObservatoryCallbackHandler } from './index.js';
import { takeWaiting } from './invocation.js';
import { chat, lines, user } from './lines.test.support.js';

const handler = () => ({ callbacks: [new ObservatoryCallbackHandler()] });

describe.each(lines)('next to the rest of LangChain on %s', (name, line) => {
  const { Command, interrupt, MemorySaver, MessagesAnnotation, RunnableLambda, StateGraph } = line;
  let off: () => void;
  beforeEach(() => {
    off = instrumentLangChain({ CallbackManager: line.CallbackManager });
  });
  afterEach(() => off());

  test("another handler sees the same tree with us as without, and the caller's error is its own", async () => {
    const seen = async (config: object) => {
      const events: string[] = [];
      const names = new Map<string, string>([['undefined', '-']]);
      class Watcher extends line.BaseCallbackHandler {
        name = 'watcher';
        override awaitHandlers = true;
        override handleChainStart(...args: unknown[]) {
          const [, , id, parent, , , , runName] = args as string[];
          names.set(id!, String(runName));
          events.push(`${runName} under ${names.get(String(parent))}`);
        }
        override handleChainError(error: Error) {
          events.push(`failed: ${error.message}`);
        }
      }
      const thrown = new Error('mine');
      const chain = RunnableLambda.from((x: string) => x)
        .pipe((x: string) => `${x}!`)
        .pipe(() => {
          throw thrown;
        });
      const callbacks = [new Watcher()];
      const error = await chain.invoke('x', { ...config, callbacks }).catch((caught: unknown) => caught);
      expect(error).toBe(thrown);
      expect(callbacks).toHaveLength(1);
      return events;
    };
    off();
    const without = await seen({});
    instrumentLangChain();
    using captured = captureRuns();
    expect(await seen({})).toEqual(without);
    expect(captured.runs).toMatchObject([{ outcome: 'error', status_message: 'mine' }]);
  });

  test('under a parent that nobody announced, a call is a root', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const manager = new line.CallbackManager('01890000-0000-7000-8000-00000000abcd');
    await chat(line, server).invoke('Hi', { callbacks: manager });
    expect(captured.runs).toMatchObject([{ prompt: { user_prompt: 'Hi' }, outcome: 'ok', steps: [{}] }]);
    expect(captured.runs[0]!.parent_run_id).toBeUndefined();
  });

  test('the functional API is one run, and so are its tasks', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const model = chat(line, server);
    const think = line.task('think', async (question: string) => (await model.invoke(question)).content);
    const flow = line.entrypoint('flow', async (question: string) => `I think: ${await think(question)}`);
    await flow.invoke('Why?');
    expect(captured.runs).toMatchObject([
      {
        name: 'flow',
        response: 'I think: You said: Why?',
        steps: [{ metadata: { node: 'think' } }],
        runs: [],
      },
    ]);
  });

  test('inside a node the run can be asked for and added to', async () => {
    using captured = captureRuns();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('note', async () => {
        currentRun()?.metadata({ noted: true });
        return { messages: [] };
      })
      .addEdge('__start__', 'note')
      .compile();
    await graph.invoke({ messages: [user('Go')] });
    expect(captured.runs).toMatchObject([{ metadata: { noted: true } }]);
    expect(currentRun()).toBeUndefined();
  });

  test('several nodes may ask at once, and each leg adds to the same run', async () => {
    using captured = captureRuns();
    const ask = (question: string) => async () => ({ messages: [user(interrupt(question))] });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('a', ask('A?'))
      .addNode('b', ask('B?'))
      .addEdge('__start__', 'a')
      .addEdge('__start__', 'b')
      .compile({ checkpointer: new MemorySaver() });
    const config = { configurable: { thread_id: `both on ${name}` } };
    await graph.invoke({ messages: [user('Go')] }, config);
    expect(captured.runs).toMatchObject([{ outcome: 'interrupted' }]);
    for (let legs = 0; (await graph.getState(config)).next.length > 0; legs++) {
      expect(legs).toBeLessThan(3);
      await graph.invoke(new Command({ resume: 'yes' }), config);
    }
    expect(captured.runs).toMatchObject([{ outcome: 'ok' }]);
  });

  test('a graph that is resumed where its first leg is unknown is a second run that names the first', async () => {
    using captured = captureRuns();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('ask', async () => ({ messages: [new line.AIMessage(`Heard ${interrupt('Sure?')}`)] }))
      .addEdge('__start__', 'ask')
      .compile({ checkpointer: new MemorySaver(), name: 'asker' });
    const thread = `elsewhere on ${name}`;
    const config = { configurable: { thread_id: thread } };
    await graph.invoke({ messages: [user('Go')] }, config);
    takeWaiting(`asker ${thread}`);
    await graph.invoke(new Command({ resume: 'yes' }), config);
    expect(captured.runs).toMatchObject([
      { outcome: 'interrupted' },
      { outcome: 'ok', session_id: thread, prompt: { user_prompt: 'yes' }, response: 'Heard yes' },
    ]);
    const [first, second] = captured.runs;
    expect(second!.metadata?.resumed_from).toEqual(first!.metadata?.checkpoint_id);
  });
});

test('the session of RunnableWithMessageHistory, which only the hook can see', async () => {
  const [, line] = lines[0]!;
  await using server = await modelServer();
  using captured = captureRuns();
  const off = instrumentLangChain({ CallbackManager: line.CallbackManager });
  const history = new InMemoryChatMessageHistory();
  const chain = new RunnableWithMessageHistory({
    runnable: chat(line, server),
    getMessageHistory: () => history,
  });
  await chain.invoke([new line.HumanMessage('Hi')], { configurable: { sessionId: 'history-1' } });
  off();
  expect(captured.runs).toMatchObject([{ session_id: 'history-1', steps: [{}] }]);
});

test('a retriever that a tool wraps is that tool call', async () => {
  const [, line] = lines[0]!;
  using captured = captureRuns();
  class Notes extends line.BaseRetriever {
    lc_namespace = ['test'];
    override async _getRelevantDocuments() {
      return [new line.Document({ pageContent: 'Oslo' })];
    }
  }
  const search = line.tool(
    async ({ query }: { query: string }, config) => (await new Notes().invoke(query, config))[0]?.pageContent,
    { name: 'search', description: 's', schema: line.z.object({ query: line.z.string() }) },
  );
  await search.invoke({ query: 'capital' }, handler());
  expect(captured.runs).toMatchObject([
    {
      response: 'Oslo',
      tool_calls: [
        { tool_name: 'search', kind: 'retrieval', args: '{"query":"capital"}', metadata: { documents: 1 } },
      ],
    },
  ]);
});
