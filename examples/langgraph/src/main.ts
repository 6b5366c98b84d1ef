import { Command } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { flush } from '@observatory/core';
import { ObservatoryCallbackHandler } from '@observatory/langchain';
import { modelServer } from '@observatory/testing';
import { expenses } from './expenses.js';
import { script } from './script.js';

// A real model where there is a key, a scripted one otherwise.
const server = process.env.OPENAI_API_KEY ? undefined : await modelServer(script);
const graph = expenses(
  new ChatOpenAI({
    model: 'gpt-5-mini',
    ...(server ? { apiKey: server.clientOptions.apiKey, configuration: { baseURL: server.url } } : {}),
  }),
);
const callbacks = [new ObservatoryCallbackHandler({ userId: 'ada' })];

for (const [trip, answer] of [
  ['Rome', 'yes'],
  ['Las Vegas', 'no'],
] as const) {
  const config = { callbacks, configurable: { thread_id: `example-langgraph-${trip}` } };
  // The first leg ends where the graph asks a person …
  await graph.invoke({ messages: [{ role: 'user', content: `My trip to ${trip}, please.` }] }, config);
  const state = await graph.getState(config);
  console.log(`> ${trip}: ${JSON.stringify(state.tasks[0]?.interrupts[0]?.value)}\n> ${answer}`);
  // … and the second one goes on with the answer. Both are one run.
  const { messages } = await graph.invoke(new Command({ resume: answer }), config);
  console.log(`${messages.at(-1)?.text}\n`);
}

const { delivered, complete } = await flush({ timeoutMs: 2_000 });
console.log(
  complete ? `Recorded: ${delivered} items.` : 'No collector is running: `npx -y pnpm@12 start` in the root.',
);
await server?.close();
