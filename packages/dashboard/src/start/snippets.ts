/** The line to paste, per way of building an agent. Lines that start with `+` are the ones that are new. */
export interface Snippet {
  id: string;
  name: string;
  install: string;
  code: string;
}

export const SNIPPETS: Snippet[] = [
  {
    id: 'core',
    name: 'Any agent',
    install: '@observatory/core',
    code: `+import { run } from '@observatory/core';

+const r = run({ name: 'support-agent' });
+r.prompt(question);
 const answer = await agent(question);
+r.response(answer);
+await r.end();`,
  },
  {
    id: 'openai',
    name: 'OpenAI',
    install: '@observatory/openai',
    code: ` import OpenAI from 'openai';
+import { wrapOpenAI } from '@observatory/openai';

+const openai = wrapOpenAI(new OpenAI());`,
  },
  {
    id: 'ai-sdk',
    name: 'Vercel AI SDK',
    install: '@observatory/ai-sdk',
    code: `+import { instrumentAISDK } from '@observatory/ai-sdk';

+instrumentAISDK();`,
  },
  {
    id: 'langchain',
    name: 'LangChain',
    install: '@observatory/langchain',
    code: `+import { ObservatoryCallbackHandler } from '@observatory/langchain';

 await agent.invoke(input, {
+  callbacks: [new ObservatoryCallbackHandler()],
 });`,
  },
  {
    id: 'express',
    name: 'Express',
    install: '@observatory/express',
    code: ` import express from 'express';
+import { observatory } from '@observatory/express';

 const app = express();
+app.use(observatory());`,
  },
  {
    id: 'hono',
    name: 'Hono',
    install: '@observatory/hono',
    code: ` import { Hono } from 'hono';
+import { observatory } from '@observatory/hono';

 const app = new Hono();
+app.use(observatory());`,
  },
];

/** Where clients send to when nothing is configured. */
const DEFAULT_ORIGINS = ['http://127.0.0.1:4318', 'http://localhost:4318'];

/** The environment a client needs to find this collector; empty when its default is right. */
export function environmentFor(origin: string): string {
  return DEFAULT_ORIGINS.includes(origin) ? '' : `OBSERVATORY_URL=${origin}`;
}
