import { withRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import { describe, expect, test } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';
import { chat, type Line, lines, oldLine, user } from './lines.test.support.js';

const handler = () => ({ callbacks: [new ObservatoryCallbackHandler()] });

const retrieverOf = (line: Line) => {
  const Retriever = class extends line.BaseRetriever {
    lc_namespace = ['test'];
    override async _getRelevantDocuments(query: string) {
      if (query === 'broken') throw new Error('index is gone');
      return [
        new line.Document({
          pageContent: 'Oslo is the capital.',
          metadata: { source: 'norway.md' },
          id: 'd1',
        }),
        new line.Document({ pageContent: 'x'.repeat(5_000), metadata: { secret: 'hidden' } }),
      ];
    }
  };
  return new Retriever();
};

describe.each(lines)('chains on %s', (_name, line) => {
  const { ChatPromptTemplate, RunnableLambda, RunnablePassthrough, RunnableSequence, StringOutputParser } =
    line;
  const prompt = ChatPromptTemplate.fromMessages([
    ['system', 'You know {context}'],
    ['human', '{question}'],
  ]);

  test('a retrieval chain is one run: a retrieval and a step, the rest transparent', async () => {
    await using server = await modelServer(['Oslo.']);
    using captured = captureRuns();
    const chain = RunnableSequence.from([
      {
        context: RunnableLambda.from((input: { question: string }) => input.question)
          .pipe(retrieverOf(line))
          .pipe((documents) => documents.map(({ pageContent }) => pageContent.slice(0, 20)).join()),
        question: (input: { question: string }) => input.question,
      },
      prompt,
      chat(line, server),
      new StringOutputParser(),
    ]);
    const answer = await chain.invoke(
      { question: 'Capital of Norway?' },
      { ...handler(), runName: 'rag', tags: ['docs'] },
    );
    expect(answer).toBe('Oslo.');
    expect(captured.runs).toMatchObject([
      {
        name: 'rag',
        prompt: { user_prompt: 'Capital of Norway?' },
        response: 'Oslo.',
        tags: ['docs'],
        steps: [{ messages: [{ role: 'system' }, { role: 'user', content: 'Capital of Norway?' }] }],
        tool_calls: [{ kind: 'retrieval', args: 'Capital of Norway?', metadata: { documents: 2 } }],
        runs: [],
      },
    ]);
    const found = JSON.parse(captured.runs[0]!.tool_calls[0]!.result!) as { id: string; content: string }[];
    expect(found[0]).toMatchObject({ id: 'd1', source: 'norway.md', content: 'Oslo is the capital.' });
    expect(found[1]!.content.length).toBeLessThan(1_100);
    expect(JSON.stringify(captured.items)).not.toContain('hidden');
  });

  test('a retriever by itself is a run, and its failure is one', async () => {
    using captured = captureRuns();
    await retrieverOf(line).invoke('Oslo', handler());
    await expect(retrieverOf(line).invoke('broken', handler())).rejects.toThrow('index is gone');
    expect(captured.runs).toMatchObject([
      { outcome: 'ok', tool_calls: [{ kind: 'retrieval', outcome: 'ok' }] },
      { outcome: 'error', tool_calls: [{ outcome: 'error', status_message: 'index is gone' }] },
    ]);
  });

  test('a streamed chain is a run that ends with its last chunk', async () => {
    await using server = await modelServer([{ text: ['Os', 'lo.'] }]);
    using captured = captureRuns();
    const chain = prompt.pipe(chat(line, server)).pipe(new StringOutputParser());
    let text = '';
    for await (const chunk of await chain.stream({ question: 'Where?', context: 'maps' }, handler())) {
      expect(captured.runs[0]!.end_time).toBeUndefined();
      text += chunk;
    }
    expect(text).toBe('Oslo.');
    expect(captured.runs).toMatchObject([
      { outcome: 'ok', response: 'Oslo.', prompt: { user_prompt: 'Where?' } },
    ]);
  });

  test('streamEvents changes nothing about what is recorded', async () => {
    await using server = await modelServer([{ text: ['Os', 'lo.'] }]);
    using captured = captureRuns();
    const chain = prompt.pipe(chat(line, server));
    const names = new Set<string>();
    const events = chain.streamEvents({ question: 'Where?', context: '' }, { ...handler(), version: 'v2' });
    for await (const { event } of events) names.add(event);
    expect(names).toContain('on_chat_model_stream');
    await captured.settled();
    expect(captured.runs).toMatchObject([{ outcome: 'ok', steps: [{ output: [{ content: 'Oslo.' }] }] }]);
    expect(captured.runs[0]!.steps[0]!.time_to_first_token_ms).toBeDefined();
  });

  test('a batch of chains is a run each', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const chain = RunnablePassthrough.assign({}).pipe(prompt).pipe(chat(line, server));
    await chain.batch(
      [
        { question: 'one', context: '' },
        { question: 'two', context: '' },
      ],
      handler(),
    );
    expect(captured.runs.map(({ prompt }) => prompt.user_prompt)).toEqual(['one', 'two']);
  });

  test('a parser that fails after a good answer fails the run and not the step', async () => {
    await using server = await modelServer(['no json']);
    using captured = captureRuns();
    const chain = chat(line, server).pipe(
      RunnableLambda.from((message: { content: unknown }) => JSON.parse(String(message.content)) as unknown),
    );
    await expect(chain.invoke('Hi', handler())).rejects.toThrow();
    expect(captured.runs).toMatchObject([{ outcome: 'error', steps: [{ outcome: 'ok' }] }]);
  });

  test('prompts, parsers and state updates by themselves are no runs', async () => {
    using captured = captureRuns();
    await prompt.invoke({ question: 'a', context: 'b' }, handler());
    await new StringOutputParser().invoke('x', handler());
    const graph = new line.StateGraph(line.MessagesAnnotation)
      .addNode('noop', async () => ({ messages: [] }))
      .addEdge('__start__', 'noop')
      .compile({ checkpointer: new line.MemorySaver() });
    const config = { ...handler(), configurable: { thread_id: 'quiet' } };
    await graph.updateState(config, { messages: [user('x')] }, 'noop');
    await graph.getState(config);
    expect(captured.runs).toEqual([]);
  });

  test('a root that is hidden from LangSmith records when something happens in it, as one run', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const chain = RunnableLambda.from((x: string) => x).pipe(chat(line, server));
    await chain.invoke('Hi', { ...handler(), tags: ['langsmith:hidden'] });
    await RunnableLambda.from(() => 1).invoke('x', { ...handler(), tags: ['langsmith:hidden'] });
    expect(captured.runs).toMatchObject([{ prompt: { user_prompt: 'Hi' }, steps: [{}] }]);
  });

  test('inputs are recorded as they were, whatever a node does to them later', async () => {
    using captured = captureRuns();
    const mutate = RunnableLambda.from((input: { question: string }) => {
      input.question = 'MUTATED';
      return 'done';
    });
    await mutate.invoke({ question: 'original' }, handler());
    expect(captured.runs[0]!.prompt.user_prompt).toBe('original');
    expect(JSON.stringify(captured.items)).not.toContain('MUTATED');
  });

  test('hostile values lose nothing but themselves', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const cycle: Record<string, unknown> = { big: 12n };
    cycle.self = cycle;
    Object.defineProperty(cycle, 'trap', {
      enumerable: true,
      get() {
        throw new Error('do not look');
      },
    });
    const chain = RunnableLambda.from(() => 'Hi').pipe(chat(line, server));
    await chain.invoke(cycle, { ...handler(), metadata: { user_id: 'ada', odd: cycle } });
    expect(captured.runs).toMatchObject([{ user_id: 'ada', response: 'You said: Hi', steps: [{}] }]);
  });

  test('media are named and not kept', async () => {
    await using server = await modelServer(['A cat.']);
    using captured = captureRuns();
    const picture = `data:image/png;base64,${'iVBORw0K'.repeat(5_000)}`;
    const content = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: picture } },
    ];
    await chat(line, server).invoke([new line.HumanMessage({ content } as never)], handler());
    const json = JSON.stringify(captured.items);
    expect(json).toContain('[image/png, 30000 bytes]');
    expect(json.length).toBeLessThan(5_000);
    expect(captured.runs[0]!.prompt.user_prompt).toBe('What is it?');
    expect(JSON.stringify(server.requests[0]!.body)).toContain(picture);
  });

  test('one handler serves concurrent invocations', async () => {
    await using server = await modelServer(undefined, { timing: { delayMs: 3 } });
    using captured = captureRuns();
    const shared = handler();
    const chain = RunnableLambda.from((x: string) => x).pipe(chat(line, server));
    await Promise.all(Array.from({ length: 20 }, (_, i) => chain.invoke(`q${i}`, shared)));
    expect(captured.runs).toHaveLength(20);
    for (const { prompt, response, steps } of captured.runs) {
      expect(response).toBe(`You said: ${prompt.user_prompt}`);
      expect(steps).toHaveLength(1);
    }
  });

  test('everything is recorded by the time `invoke` resolves', async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    await withRun({ name: 'outer' }, async (run) => {
      run.prompt('x');
      await chat(line, server).invoke('Hi', handler());
      expect(captured.runs[0]!.steps).toMatchObject([{ outcome: 'ok' }]);
    });
  });
});

test('AgentExecutor of the 0.3 line is one run with its steps and tool calls', async () => {
  await using server = await modelServer([
    { toolCalls: [{ name: 'weather', args: { city: 'Oslo' }, id: 'call_1' }] },
    'Sunny.',
  ]);
  using captured = captureRuns();
  const { tool, z, ChatPromptTemplate, MessagesPlaceholder } = oldLine;
  const weather = tool(async () => 'sunny', {
    name: 'weather',
    description: 'w',
    schema: z.object({ city: z.string() }),
  });
  type Make = (options: object) => unknown;
  type Executor = new (options: object) => { invoke(input: object, config: object): Promise<object> };
  const agent = (oldLine.createToolCallingAgent as Make)({
    llm: chat(oldLine, server, { streaming: false }),
    tools: [weather],
    prompt: ChatPromptTemplate.fromMessages([
      ['human', '{input}'],
      new MessagesPlaceholder('agent_scratchpad'),
    ]),
  });
  const executor = new (oldLine.AgentExecutor as Executor)({ agent, tools: [weather] });
  await executor.invoke({ input: 'Weather in Oslo?' }, handler());
  await captured.settled();
  expect(captured.runs).toMatchObject([
    {
      name: 'AgentExecutor',
      prompt: { user_prompt: 'Weather in Oslo?' },
      response: 'Sunny.',
      steps: [{ finish_reason: 'tool_calls' }, { finish_reason: 'stop' }],
      tool_calls: [{ tool_call_id: 'call_1', tool_name: 'weather', result: 'sunny' }],
      runs: [],
    },
  ]);
  expect(captured.runs[0]!.tool_calls[0]!.step_id).toBe(captured.runs[0]!.steps[0]!.step_id);
});
