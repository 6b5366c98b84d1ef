import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { submitFeedback } from '@observatory/core';
import express, { type Request, type Response } from 'express';
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
    const body = (request.body ?? {}) as Partial<ChatRequest>;
    const { message, agent = 'support-agent', session_id: sessionId = `chat_${randomUUID()}` } = body;
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
    const turn: TurnRequest = {
      agent,
      message,
      history,
      sessionId,
      conversational: true,
      signal: left.signal,
      ...(body.user_id !== undefined && { userId: body.user_id }),
      ...(body.metadata !== undefined && { metadata: body.metadata }),
    };
    const remember = (messages: ChatCompletionMessageParam[]) => {
      conversations.set(sessionId, [...history, ...messages]);
      const [oldest] = conversations.keys();
      if (conversations.size > MAX_CONVERSATIONS && oldest !== undefined) conversations.delete(oldest);
    };
    const answered = body.stream
      ? stream(client, turn, response, remember)
      : reply(client, turn, response, remember);
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
  response: Response,
  remember: Remember,
): Promise<void> {
  try {
    const { text, runId, messages } = await answerTurn(client, turn);
    remember(messages);
    response.json({ text, run_id: runId, session_id: turn.sessionId });
  } catch (error) {
    if (response.closed) return;
    response
      .status(502)
      .json({ error: messageOf(error), run_id: runIdOf(error), session_id: turn.sessionId });
  }
}

async function stream(
  client: OpenAI,
  turn: TurnRequest,
  response: Response,
  remember: Remember,
): Promise<void> {
  response.type('text/event-stream').set('cache-control', 'no-cache').flushHeaders();
  const send = (event: Record<string, unknown>) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  try {
    const { text, runId, messages } = await answerTurn(client, {
      ...turn,
      onText: (delta) => send({ delta }),
    });
    remember(messages);
    send({ done: true, text, run_id: runId, session_id: turn.sessionId });
  } catch (error) {
    if (!response.closed)
      send({ error: messageOf(error), run_id: runIdOf(error), session_id: turn.sessionId });
  }
  response.end();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function runIdOf(error: unknown): string | undefined {
  return (error as { runId?: string }).runId;
}
