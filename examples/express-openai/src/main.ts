import { setTimeout as sleep } from 'node:timers/promises';
import { flush } from '@observatory/core';
import { modelServer } from '@observatory/testing';
import { script } from './script.js';
import { start } from './start.js';

// A real model where there is a key, a scripted one otherwise.
const model = process.env.OPENAI_API_KEY ? undefined : await modelServer(script);
const server = await start(model?.clientOptions);

const ask = (content: string, signal?: AbortSignal) =>
  fetch(`${server.url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-session-id': 'example-express' },
    body: JSON.stringify({ messages: [{ role: 'user', content }] }),
    ...(signal ? { signal } : {}),
  });

console.log(await (await ask('Do I need an umbrella in Oslo?')).text());

// One that changes its mind in the middle of the answer.
const left = new AbortController();
const story = await ask('Tell me a long story.', left.signal);
await story.body?.getReader().read();
left.abort();
await sleep(500);

const { complete } = await flush();
console.log(complete ? 'Look at it in the dashboard.' : 'Nothing listens at OBSERVATORY_URL.');
await server.close();
await model?.close();
