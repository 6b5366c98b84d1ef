import { ChatOpenAI } from '@langchain/openai';
import { flush } from '@observatory/core';
import { instrumentLangChain } from '@observatory/langchain';
import { modelServer } from '@observatory/testing';
import { ask, travelAgent } from './agent.js';
import { script } from './script.js';

instrumentLangChain(); // the one line

// A real model where there is a key, a scripted one otherwise.
const server = process.env.OPENAI_API_KEY ? undefined : await modelServer(script);
const agent = travelAgent(
  new ChatOpenAI({
    model: 'gpt-5-mini',
    ...(server ? { apiKey: server.clientOptions.apiKey, configuration: { baseURL: server.url } } : {}),
  }),
);

for (const question of ['Where is it warmer, Oslo or Lisbon?', 'What do I pack?', 'And for Atlantis?']) {
  console.log(`> ${question}\n${await ask(agent, 'example-langchain', question)}\n`);
}

const { delivered, complete } = await flush({ timeoutMs: 2_000 });
console.log(
  complete ? `Recorded: ${delivered} items.` : 'No collector is running: `npx -y pnpm@12 start` in the root.',
);
await server?.close();
