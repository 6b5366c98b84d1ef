import { createRequire } from 'node:module';
import { withRun } from '@observatory/core';
import { wrapOpenAI } from '@observatory/openai';
import { captureRuns, modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { instrumentLangChain, ObservatoryCallbackHandler } from './index.js';
import { chat, lines, user } from './lines.test.support.js';

describe.each(lines)('instrumentLangChain() on %s', (_name, line) => {
  const { StateGraph, MessagesAnnotation, RunnableLambda, tool, z } = line;
  let off: () => void;
  beforeEach(() => {
    off = instrumentLangChain({ CallbackManager: line.CallbackManager });
  });
  afterEach(() => off());

  test('records calls that pass no callbacks, and nothing after it was turned off', async () => {
    await using server = await modelServer(['One.', 'Two.']);
    using captured = captureRuns();
    await chat(line, server).invoke('Hi');
    off();
    await chat(line, server).invoke('Hi');
    expect(captured.runs).toMatchObject([
      { prompt: { user_prompt: 'Hi' }, response: 'One.', outcome: 'ok', steps: [{ model_used: 'gpt-5' }] },
    ]);
  });

  test('leaves the callbacks that the caller passes as they are', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const seen: string[] = [];
    const mine = { name: 'mine', handleLLMEnd: () => void seen.push('end') };
    const callbacks = [mine];
    await chat(line, server).invoke('Hi', { callbacks });
    expect(callbacks).toEqual([mine]);
    expect(seen).toEqual(['end']);
    expect(captured.runs).toHaveLength(1);
  });

  test('a handler that is passed, one in the constructor, and the hook together record once', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const handler = new ObservatoryCallbackHandler({ sessionId: 'chat-1' });
    const model = chat(line, server, { callbacks: [handler] as never });
    await model.invoke('Hi', { callbacks: [handler] });
    await model.invoke('Ho');
    expect(captured.runs).toMatchObject([
      { session_id: 'chat-1', steps: [{}] },
      { session_id: 'chat-1', steps: [{}] },
    ]);
  });

  test('a call inside a node belongs to the graph, also with `callbacks: []` and a handler of its own', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const model = chat(line, server, { callbacks: [new ObservatoryCallbackHandler()] as never });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('think', async () => {
        await chat(line, server).invoke('plain');
        await chat(line, server).invoke('empty', { callbacks: [] });
        const answer = await model.invoke('own');
        return { messages: [answer] };
      })
      .addEdge('__start__', 'think')
      .compile({ name: 'thinker' });
    await graph.invoke({ messages: [user('Go')] });
    expect(captured.runs).toMatchObject([
      { name: 'thinker', steps: [{ metadata: { node: 'think' } }, {}, {}], runs: [] },
    ]);
  });

  test('a raw client inside nodes and tools records into the graph, at its node and tool', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const client = wrapOpenAI(new OpenAI(server.clientOptions));
    const ask = (content: string) =>
      client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] });
    const look = tool(async ({ what }: { what: string }) => (await ask(what)).choices[0]!.message.content, {
      name: 'look',
      description: 'Looks',
      schema: z.object({ what: z.string() }),
    });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('think', async () => {
        await ask('raw');
        await Promise.all([
          look.invoke({ type: 'tool_call', name: 'look', id: 'call_1', args: { what: 'sky' } }),
          look.invoke({ type: 'tool_call', name: 'look', id: 'call_2', args: { what: 'sea' } }),
        ]);
        return { messages: [] };
      })
      .addEdge('__start__', 'think')
      .compile({ name: 'thinker' });
    await graph.invoke({ messages: [user('Go')] });
    await captured.settled();
    expect(captured.runs).toHaveLength(1);
    const [run] = captured.runs;
    const words = (text: string) =>
      run!.steps.find(({ messages }) => messages?.some(({ content }) => content === text));
    const toolOf = (text: string) => {
      const id = words(text)?.metadata?.tool_call_id;
      return run!.tool_calls.find(({ tool_call_id }) => tool_call_id === id)?.args;
    };
    expect(words('raw')?.metadata).toMatchObject({ node: 'think' });
    expect(toolOf('sky')).toContain('sky');
    expect(toolOf('sea')).toContain('sea');
  });

  test('a wrapped client inside ChatOpenAI does not count a call twice', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const model = chat(line, server);
    // The client that the model holds and calls.
    const { completions: holder } = model as unknown as {
      completions: { _getClientOptions(options: object): void; client: OpenAI };
    };
    holder._getClientOptions({});
    holder.client = wrapOpenAI(holder.client);
    const direct = wrapOpenAI(new OpenAI(server.clientOptions));
    await withRun({ name: 'request' }, async (run) => {
      run.prompt('Hi');
      await model.invoke('one');
      await Promise.all([model.invoke('two'), model.batch(['three', 'four'])]);
      for await (const _ of await model.stream('five')) await undefined;
      await direct.chat.completions.create({
        model: 'gpt-5',
        messages: [{ role: 'user', content: 'direct' }],
      });
    });
    await captured.settled();
    const asked = captured.runs[0]!.steps.map(({ messages }) => messages?.[0]?.content).sort();
    expect(asked).toEqual(['direct', 'five', 'four', 'one', 'three', 'two']);
  });

  test('fifty concurrent requests keep their runs apart, next to a slow handler in the background', async () => {
    await using server = await modelServer(undefined, { timing: { delayMs: 5 } });
    using captured = captureRuns();
    const slow = {
      name: 'slow',
      awaitHandlers: false,
      handleChainStart: () => new Promise((resolve) => setTimeout(resolve, 5)),
    };
    const chain = RunnableLambda.from((input: string) => input).pipe(chat(line, server));
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        withRun({ name: `request ${i}` }, async (run) => {
          run.prompt(`${i}`);
          await chain.invoke(`question ${i}`, { callbacks: [slow] });
        }),
      ),
    );
    await captured.settled();
    expect(captured.runs).toHaveLength(50);
    for (const run of captured.runs) {
      const i = run.name?.split(' ')[1];
      expect(run.steps.map(({ messages }) => messages?.[0]?.content)).toEqual([`question ${i}`]);
    }
  });
});

test('finds the copies of @langchain/core by itself, for ESM and for CommonJS', async () => {
  const require = createRequire(import.meta.url);
  const commonjs = require('@langchain/core/runnables') as typeof import('@langchain/core/runnables');
  const esm = await import('@langchain/core/runnables');
  const off = instrumentLangChain();
  using captured = captureRuns();
  await esm.RunnableLambda.from(() => 'esm').invoke('a');
  await commonjs.RunnableLambda.from(() => 'commonjs').invoke('b');
  off();
  expect(captured.runs.map(({ response }) => response)).toEqual(['esm', 'commonjs']);
});

test('a class that is no CallbackManager is refused in words, and nothing breaks', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  instrumentLangChain({ CallbackManager: class {} })();
  expect(warn.mock.calls.join()).toContain('langchain-unknown-version');
  warn.mockRestore();
});
