import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type OpenAI from 'openai';
import type { Conversation, Turn } from './conversation.js';
import { codingConversations } from './conversations/coding.js';
import { laterConversations } from './conversations/later.js';
import { supportConversations } from './conversations/support.js';
import { travelConversations } from './conversations/travel.js';
import { classifyReviews, forgetToEnd, researchMarket } from './jobs.js';

/** How long a user thinks between two turns of the first set. */
const THINK_MS = 400;
const LATER_PAUSE_MS = { from: 20_000, to: 40_000 };

export interface TrafficOptions {
  chatUrl: string;
  client: OpenAI;
  signal: AbortSignal;
}

/** Everything that happens in the first minute, at the same time, as in real life. */
export async function firstSet({ chatUrl, client, signal }: TrafficOptions): Promise<void> {
  forgetToEnd();
  const conversations = [...supportConversations, ...travelConversations, ...codingConversations];
  const all = [
    ...conversations.map((conversation, index) => talk(chatUrl, conversation, index * 150, signal)),
    classifyReviews(client, signal),
    researchMarket(client, signal),
  ];
  // What goes wrong in a run is for the dashboard to show; the others go on.
  await Promise.allSettled(all);
}

/** A turn every half minute or so, until the short conversations are told. */
export async function laterTurns({ chatUrl, signal }: TrafficOptions): Promise<void> {
  for (const conversation of laterConversations) {
    const sessionId = newSession(conversation);
    for (const turn of conversation.turns) {
      const pause = LATER_PAUSE_MS.from + Math.random() * (LATER_PAUSE_MS.to - LATER_PAUSE_MS.from);
      await sleep(pause, undefined, { signal });
      await ask(chatUrl, conversation, turn, sessionId, signal).catch(() => undefined);
    }
  }
}

async function talk(
  chatUrl: string,
  conversation: Conversation,
  afterMs: number,
  signal: AbortSignal,
): Promise<void> {
  await sleep(afterMs, undefined, { signal });
  const sessionId = newSession(conversation);
  for (const turn of conversation.turns) {
    await ask(chatUrl, conversation, turn, sessionId, signal);
    await sleep(THINK_MS, undefined, { signal });
  }
}

async function ask(
  chatUrl: string,
  { agent, userId, metadata }: Conversation,
  turn: Turn,
  sessionId: string,
  signal: AbortSignal,
): Promise<void> {
  const leaves = turn.leavesAfterMs === undefined ? [] : [AbortSignal.timeout(turn.leavesAfterMs)];
  const body = {
    message: turn.user,
    session_id: sessionId,
    user_id: userId,
    agent,
    metadata,
    stream: turn.streamed,
  };
  try {
    const response = await post(`${chatUrl}/chat`, body, AbortSignal.any([signal, ...leaves]));
    const text = await response.text();
    const runId = /"run_id":"([^"]+)"/.exec(text)?.[1];
    if (turn.feedback && runId)
      await post(`${chatUrl}/feedback`, { run_id: runId, ...turn.feedback }, signal);
  } catch (error) {
    if (signal.aborted || leaves.length === 0) throw error;
  }
}

function post(url: string, body: unknown, signal: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
}

function newSession({ agent, userId }: Conversation): string {
  return `${agent.split('-')[0]}_${userId.split('.')[0]}_${randomUUID().slice(0, 8)}`;
}
