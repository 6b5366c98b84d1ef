import { flush, withRun } from '@observatory/core';
import { wrapOpenAI } from '@observatory/openai';
import { modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { ask } from './agent.js';
import { script } from './script.js';

// A real model where there is a key, a scripted one otherwise.
const server = process.env.OPENAI_API_KEY ? undefined : await modelServer(script);

const client = wrapOpenAI(new OpenAI(server?.clientOptions)); // the one line

let history: ChatCompletionMessageParam[] = [];
for (const question of ['A weekend in Lisbon: what would it cost?', 'And to Atlantis?']) {
  const turn = await withRun(
    { name: 'travel-agent', sessionId: 'example-openai', conversational: true },
    async (run) => {
      run.prompt(question);
      const { answer, history: next } = await ask(client, question, history);
      run.response(answer);
      return { answer, next };
    },
  );
  history = turn.next;
  console.log(`> ${question}\n${turn.answer}\n`);
}

const { delivered, complete } = await flush({ timeoutMs: 2_000 });
console.log(
  complete ? `Recorded: ${delivered} items.` : 'No collector is running: `npx -y pnpm@12 start` in the root.',
);
await server?.close();
