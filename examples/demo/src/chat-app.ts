import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { currentRun, submitFeedback } from '@observatory/core';
import { observatory } from '@observatory/express';
import express, { type NextFunction, type Request, type Response } from 'express';
import type OpenAI from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { answerTurn, type TurnRequest } from './agent.js';
import { agents } from './agents.js';
import { chatPage } from './chat-page.js';

export interface ChatApp {
  url: string;
  close(): Promise<void>;
}

interface ChatRequest {
  message: string;
  session_id?: string;
  user_id?: string;
  agent?: string;
  /** Answer as server-sent events while the model writes. */
  stream?: boolean;
  metadata?: Record<string, unknown>;
}

const DEFAULT_AGENT = 'support-agent';

/** Conversations kept in memory; the oldest are forgotten. */
const MAX_CONVERSATIONS = 500;

/**
 * The app that is observed: `POST /chat` talks with an agent, `POST /feedback` rates an answer, `GET /` is a page to type in.
 */
export async function startChatApp(
  client: OpenAI,
  options: { port: number; dashboardUrl: string },
): Promise<ChatApp> {
  const conversations = new Map<string, ChatCompletionMessageParam[]>();
  const underWay = new Set<Promise<void>>();
  const app = express();
  app.disable('x-powered-by');
  // Session, response, route and outcome are known without being told; the rest is this app's own way to say it.
  app.use(
    observatory({
      name: ({ body }) => body.agent ?? DEFAULT_AGENT,
      user: ({ body }) => body.user_id,
      tags: ({ body }) => agents.get(body.agent ?? DEFAULT_AGENT)?.tags,
      metadata: ({ body }) => body.metadata,
      prompt: ({ body }) => ({
        user_prompt: body.message,
        system_prompt: agents.get(body.agent ?? DEFAULT_AGENT)?.instructions,
      }),
    }),
  );
  app.use(express.json({ limit: '200kb' }));

  app.get('/', (_request, response) => {
    const offered = [...agents.values()].filter(
      ({ tags }) => !tags.includes('nested') && !tags.includes('batch'),
    );
    response
      .type('html')
      .send(chatPage({ dashboardUrl: options.dashboardUrl, agents: offered.map(({ name }) => name) }));
  });

  app.get('/favicon.ico', (_request, response) => {
    response.status(204).end();
  });

  app.post('/chat', async (request: Request, response: Response) => {
    request.body ??= {};
    const body = request.body as Partial<ChatRequest>;
    body.session_id ??= `chat_${randomUUID()}`;
    const { message, agent = DEFAULT_AGENT, session_id: sessionId } = body;
    if (typeof message !== 'string' || message.trim() === '') {
      response.status(400).json({ error: 'message is missing: send { "message": "…" }' });
      return;
    }
    if (!agents.has(agent)) {
      response
        .status(400)
        .json({ error: `agent is unknown: choose one of ${[...agents.keys()].join(', ')}` });
      return;
    }
    const left = new AbortController();
    response.once('close', () => left.abort(new Error('The user closed the page')));
    const history = conversations.get(sessionId) ?? [];
    const turn: TurnRequest = { agent, message, history, signal: left.signal };
    const remember = (messages: ChatCompletionMessageParam[]) => {
      conversations.set(sessionId, [...history, ...messages]);
      const [oldest] = conversations.keys();
      if (conversations.size > MAX_CONVERSATIONS && oldest !== undefined) conversations.delete(oldest);
    };
    const answered = body.stream
      ? stream(client, turn, sessionId, response, remember)
      : reply(client, turn, sessionId, response, remember);
    underWay.add(answered);
    await answered.finally(() => underWay.delete(answered));
  });

  app.post('/feedback', async (request: Request, response: Response) => {
    const { run_id: runId, score, text } = (request.body ?? {}) as Record<string, unknown>;
    if (typeof runId !== 'string' || (score !== 'thumbs_up' && score !== 'thumbs_down')) {
      response.status(400).json({ error: 'send { "run_id": "…", "score": "thumbs_up" or "thumbs_down" }' });
      return;
    }
    await submitFeedback({ runId, score, ...(typeof text === 'string' && { text }) });
    response.json({ ok: true });
  });

  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const { session_id } = request.body as Partial<ChatRequest>;
    response.status(502).json({ error: messageOf(error), run_id: currentRun()?.runId, session_id });
  });

  const server = app.listen(options.port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      // Closed connections abort the turns that answer them; those still end their runs.
      server.closeAllConnections();
      await Promise.allSettled([closed, ...underWay]);
    },
  };
}

type Remember = (messages: ChatCompletionMessageParam[]) => void;

async function reply(
  client: OpenAI,
  turn: TurnRequest,
  sessionId: string,
  response: Response,
  remember: Remember,
): Promise<void> {
  const { text, messages } = await answerTurn(client, turn);
  remember(messages);
  response.json({ text, run_id: currentRun()?.runId, session_id: sessionId });
}

async function stream(
  client: OpenAI,
  turn: TurnRequest,
  sessionId: string,
  response: Response,
  remember: Remember,
): Promise<void> {
  response.type('text/event-stream').set('cache-control', 'no-cache').flushHeaders();
  const send = (event: Record<string, unknown>) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  const ids = { run_id: currentRun()?.runId, session_id: sessionId };
  try {
    const onText = (delta: string) => send({ delta });
    const { text, messages } = await answerTurn(client, { ...turn, onText });
    remember(messages);
    send({ done: true, text, ...ids });
  } catch (error) {
    if (!response.closed) {
      // The answer began well, with a 200: only the app knows that it ended badly.
      currentRun()?.status(2, messageOf(error));
      send({ error: messageOf(error), ...ids });
    }
  }
  response.end();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
