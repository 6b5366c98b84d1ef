import { withRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import { describe, expect, test } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';
import { chat, lines, user } from './lines.test.support.js';

const handler = () => ({ callbacks: [new ObservatoryCallbackHandler()] });

describe.each(lines)('interrupts on %s', (name, line) => {
  const { Command, createReactAgent, interrupt, MemorySaver, MessagesAnnotation, StateGraph, tool, z } = line;
  // LangGraph tells handlers of interrupts since 1.4.18; before that only the exceptions are seen.
  const hasLifecycle = name.endsWith('1.x');

  test('a node that asks a person: one run with two legs, interrupted and then ended', async () => {
    await using server = await modelServer(['Shall I send it?', 'Sent.']);
    using captured = captureRuns();
    const model = chat(line, server);
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('draft', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addNode('approve', async () => {
        const answer = interrupt({ question: 'Send?' });
        return { messages: [user(`The person said ${answer}`)] };
      })
      .addNode('send', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addEdge('__start__', 'draft')
      .addEdge('draft', 'approve')
      .addEdge('approve', 'send')
      .compile({ checkpointer: new MemorySaver(), name: 'mailer' });
    const config = { ...handler(), configurable: { thread_id: 't1' } };
    await graph.invoke({ messages: [user('Write to Ada')] }, config);
    expect(captured.runs).toMatchObject([
      {
        name: 'mailer',
        session_id: 't1',
        outcome: 'interrupted',
        status_code: 0,
        prompt: { user_prompt: 'Write to Ada' },
        metadata: { interrupts: [{ question: 'Send?' }] },
        steps: [{ outcome: 'ok' }],
      },
    ]);
    expect(captured.runs[0]!.response).toBeUndefined();
    const firstEnd = captured.runs[0]!.end_time!;

    await graph.invoke(new Command({ resume: 'yes' }), config);
    expect(captured.runs).toMatchObject([
      {
        name: 'mailer',
        outcome: 'ok',
        prompt: { user_prompt: 'Write to Ada' },
        response: 'Sent.',
        metadata: { resumed_with: 'yes' },
        steps: [{}, { output: [{ content: 'Sent.' }] }],
      },
    ]);
    expect(captured.runs[0]!.end_time! >= firstEnd).toBe(true);
    if (hasLifecycle) {
      const { checkpoint_id, resumed_from } = captured.runs[0]!.metadata!;
      expect(resumed_from).toBe(checkpoint_id);
    }
  });

  test('another question on the same thread is another run', async () => {
    using captured = captureRuns();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('ask', async () => ({ messages: [user(interrupt('Sure?'))] }))
      .addEdge('__start__', 'ask')
      .compile({ checkpointer: new MemorySaver() });
    const config = { ...handler(), configurable: { thread_id: 't2' } };
    await graph.invoke({ messages: [user('First')] }, config);
    await graph.invoke({ messages: [user('Second')] }, config);
    await graph.invoke(new Command({ resume: 'ok' }), config);
    expect(captured.runs).toMatchObject([
      { prompt: { user_prompt: 'First' }, outcome: 'interrupted' },
      { prompt: { user_prompt: 'Second' }, outcome: 'ok' },
    ]);
  });

  test('a tool that asks a person is one tool call that ends when the answer is there', async () => {
    await using server = await modelServer([
      { toolCalls: [{ name: 'pay', args: { amount: 7 }, id: 'call_pay' }] },
      'Paid.',
    ]);
    using captured = captureRuns();
    const pay = tool(async ({ amount }: { amount: number }) => `${interrupt(`Pay ${amount}?`)}: paid`, {
      name: 'pay',
      description: 'Pays',
      schema: z.object({ amount: z.number() }),
    });
    const agent = createReactAgent({
      llm: chat(line, server),
      tools: [pay],
      name: 'cashier',
      checkpointer: new MemorySaver(),
    });
    const config = { ...handler(), configurable: { thread_id: 't3' } };
    await agent.invoke({ messages: [user('Pay 7')] }, config);
    expect(captured.runs).toMatchObject([
      { outcome: 'interrupted', tool_calls: [{ tool_call_id: 'call_pay', outcome: 'interrupted' }] },
    ]);
    await agent.invoke(new Command({ resume: 'yes' }), config);
    expect(captured.runs).toMatchObject([
      {
        outcome: 'ok',
        response: 'Paid.',
        steps: [{}, {}],
        tool_calls: [{ tool_call_id: 'call_pay', outcome: 'ok', result: 'yes: paid', args: '{"amount":7}' }],
      },
    ]);
  });

  test('a sub-agent that asks a person is one nested run', async () => {
    await using server = await modelServer([
      { toolCalls: [{ name: 'ask_expert', args: {}, id: 'call_expert' }] },
      'All done.',
    ]);
    using captured = captureRuns();
    const expert = new StateGraph(MessagesAnnotation)
      .addNode('ask', async () => ({
        messages: [new line.AIMessage(`Expert heard ${interrupt('What now?')}`)],
      }))
      .addEdge('__start__', 'ask')
      .compile({ name: 'expert' });
    const askExpert = tool(
      async (_: object, config) => (await expert.invoke({ messages: [] }, config)).messages.at(-1)?.content,
      { name: 'ask_expert', description: 'Asks', schema: z.object({}) },
    );
    const boss = createReactAgent({
      llm: chat(line, server),
      tools: [askExpert],
      name: 'boss',
      checkpointer: new MemorySaver(),
    });
    const config = { ...handler(), configurable: { thread_id: 't4' } };
    await boss.invoke({ messages: [user('Go')] }, config);
    expect(captured.runs).toMatchObject([{ outcome: 'interrupted', runs: [{ outcome: 'interrupted' }] }]);
    await boss.invoke(new Command({ resume: 'this' }), config);
    expect(captured.runs).toMatchObject([
      {
        name: 'boss',
        outcome: 'ok',
        response: 'All done.',
        tool_calls: [{ outcome: 'ok' }],
        runs: [{ name: 'expert', outcome: 'ok', response: 'Expert heard this' }],
      },
    ]);
  });

  test('an interrupt in a subgraph interrupts the run, and both legs are one', async () => {
    using captured = captureRuns();
    const inner = new StateGraph(MessagesAnnotation)
      .addNode('ask', async () => ({ messages: [user(interrupt('Inner?'))] }))
      .addEdge('__start__', 'ask')
      .compile({ name: 'inner' });
    const outer = new StateGraph(MessagesAnnotation)
      .addNode('sub', inner)
      .addEdge('__start__', 'sub')
      .compile({ checkpointer: new MemorySaver(), name: 'outer' });
    const config = { ...handler(), configurable: { thread_id: 't5' } };
    await outer.invoke({ messages: [user('Go')] }, config);
    expect(captured.runs).toMatchObject([{ name: 'outer', outcome: 'interrupted', runs: [] }]);
    await outer.invoke(new Command({ resume: 'yes' }), config);
    expect(captured.runs).toMatchObject([{ name: 'outer', outcome: 'ok', runs: [] }]);
  });

  // Without those callbacks a breakpoint looks like an end.
  if (hasLifecycle)
    test('a breakpoint interrupts the run, and no input goes on with it', async () => {
      using captured = captureRuns();
      const graph = new StateGraph(MessagesAnnotation)
        .addNode('first', async () => ({ messages: [user('1')] }))
        .addNode('second', async () => ({ messages: [new line.AIMessage('2')] }))
        .addEdge('__start__', 'first')
        .addEdge('first', 'second')
        .compile({ checkpointer: new MemorySaver(), interruptBefore: ['second'] });
      const config = { ...handler(), configurable: { thread_id: 't6' } };
      await graph.invoke({ messages: [user('Go')] }, config);
      expect(captured.runs).toMatchObject([{ outcome: 'interrupted' }]);
      await graph.invoke(null, config);
      expect(captured.runs).toMatchObject([{ outcome: 'ok', response: '2' }]);
    });

  test('a jump to the parent graph is no failure', async () => {
    using captured = captureRuns();
    const inner = new StateGraph(MessagesAnnotation)
      .addNode('jump', async () => new Command({ goto: 'after', graph: Command.PARENT }), { ends: [] })
      .addEdge('__start__', 'jump')
      .compile({ name: 'inner' });
    const outer = new StateGraph(MessagesAnnotation)
      .addNode('sub', inner, { ends: ['after'] })
      .addNode('after', async () => ({ messages: [new line.AIMessage('arrived')] }))
      .addEdge('__start__', 'sub')
      .compile({ name: 'outer' });
    await outer.invoke({ messages: [user('Go')] }, handler());
    expect(captured.runs).toMatchObject([{ outcome: 'ok', response: 'arrived' }]);
  });

  test('an interrupt without a checkpointer is the error it is', async () => {
    using captured = captureRuns();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('ask', async () => ({ messages: [user(interrupt('Sure?'))] }))
      .addEdge('__start__', 'ask')
      .compile();
    await expect(graph.invoke({ messages: [user('Go')] }, handler())).rejects.toThrow();
    expect(captured.runs).toMatchObject([{ outcome: 'error', status_code: 2 }]);
  });

  test("inside the host's run the question stands on that run, which the host ends", async () => {
    using captured = captureRuns();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('ask', async () => ({ messages: [user(interrupt('Sure?'))] }))
      .addEdge('__start__', 'ask')
      .compile({ checkpointer: new MemorySaver() });
    await withRun({ name: 'request' }, async (run) => {
      run.prompt('Go');
      await graph.invoke({ messages: [user('Go')] }, { ...handler(), configurable: { thread_id: 't7' } });
    });
    await captured.settled();
    expect(captured.runs).toMatchObject([{ name: 'request', metadata: { interrupts: ['Sure?'] } }]);
  });
});
