import { createOpenAI } from '@ai-sdk/openai';
import { serve } from '@hono/node-server';
import { instrumentAISDK } from '@observatory/ai-sdk';
import { modelServer } from '@observatory/testing';
import { chat } from './app.js';
import { script } from './script.js';

instrumentAISDK(); // with `.use(observatory())` in app.ts all there is to recording

// A real model where there is a key, a scripted one otherwise.
const server = process.env.OPENAI_API_KEY ? undefined : await modelServer(script);
const openai = createOpenAI(server ? { baseURL: server.url, apiKey: server.clientOptions.apiKey } : {});

serve({ fetch: chat(openai('gpt-5-mini')).fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`Listening on http://localhost:${port}/api/chat`);
});
