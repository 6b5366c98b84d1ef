import type { ModelReply, ModelRequest, Reply, Script } from '@observatory/testing';
import type { ScriptedStep } from './conversation.js';
import { codingConversations } from './conversations/coding.js';
import { laterConversations } from './conversations/later.js';
import { researchTurn } from './conversations/research.js';
import { reviews } from './conversations/review-batch.js';
import { supportConversations } from './conversations/support.js';
import { localExpertTurns, travelConversations } from './conversations/travel.js';

/** Prompts below this size are not cached, and the cached part is a multiple of 128: as OpenAI documents it. */
const SMALLEST_CACHED_PROMPT = 1024;
const CACHE_BLOCK = 128;
const CHARACTERS_PER_TOKEN = 4;

const stepsByPrompt = new Map<string, ScriptedStep[]>();
for (const { turns } of [
  ...supportConversations,
  ...travelConversations,
  ...codingConversations,
  ...laterConversations,
]) {
  for (const { user, steps } of turns) stepsByPrompt.set(user, steps);
}
for (const { user, steps } of [...localExpertTurns, researchTurn]) stepsByPrompt.set(user, steps);
for (const { review, answer } of reviews) stepsByPrompt.set(review, [{ text: answer }]);

/** Plays the scripted conversations, and improvises when somebody types something else. */
export const modelScript: Script = (request) => {
  const steps = stepsByPrompt.get(request.lastUser);
  if (!steps) return withPace(improvise(request), request);
  // A rate limit passes: the client's second attempt gets the next step.
  const scripted = Number(request.headers['x-stainless-retry-count'] ?? 0) > 0 ? steps.slice(1) : steps;
  const skipped = isRetryable(scripted[0]) && answersSoFar(request) > 0 ? 1 : 0;
  const step = scripted[answersSoFar(request) + skipped] ?? {
    text: 'Is there anything else I can do for you?',
  };
  return isModelReply(step) ? withPace(step, request) : step;
};

function answersSoFar({ messages }: ModelRequest): number {
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  return messages.slice(lastUser).filter(({ role }) => role === 'assistant').length;
}

function isRetryable(step: Reply | undefined): boolean {
  return (
    typeof step === 'object' && 'error' in step && typeof step.error === 'object' && step.error.status === 429
  );
}

function isModelReply(step: Reply): step is ModelReply {
  return typeof step === 'object' && !('error' in step || 'raw' in step || 'connection' in step);
}

/** A human pace, and the token counts a real model would report for prompts of this size. */
function withPace(reply: ModelReply, request: ModelRequest): ModelReply {
  const prompt = Math.ceil(request.rawBody.length / CHARACTERS_PER_TOKEN);
  const cacheable = prompt > SMALLEST_CACHED_PROMPT && request.messages.length > 3;
  const cached = cacheable ? Math.floor((prompt * 0.8) / CACHE_BLOCK) * CACHE_BLOCK : 0;
  return {
    delayMs: 220 + Math.random() * 500,
    chunkDelayMs: 14,
    ...reply,
    usage: { prompt, cached, ...reply.usage },
  };
}

function improvise({ lastUser, toolResults, body }: ModelRequest): ModelReply {
  const first = body?.tools?.[0] as { function?: { name?: string } } | undefined;
  const tool = first?.function?.name;
  if (tool && toolResults.length === 0 && lastUser.length > 12) {
    return { toolCalls: [{ name: tool, args: { query: lastUser } }] };
  }
  const found =
    toolResults.length > 0
      ? `\n\nI looked it up:\n\n\`\`\`json\n${toolResults[0]?.text.slice(0, 400)}\n\`\`\``
      : '';
  return {
    text: `You asked: *${lastUser.slice(0, 200)}*${found}\n\nI am a **scripted model**, so this is all I know. Set \`OPENAI_API_KEY\` to talk with a real one.`,
  };
}
