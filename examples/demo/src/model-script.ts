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

/** Share of a typed prompt's words that a scripted one must have to be taken for it. */
const CLOSE_ENOUGH = 0.6;
const COMMON = new Set([
  'please',
  'would',
  'could',
  'with',
  'that',
  'this',
  'what',
  'have',
  'from',
  'your',
  'there',
]);

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
  const steps = stepsByPrompt.get(request.lastUser) ?? closestSteps(request.lastUser);
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

/** The scripted prompt that a typed one comes closest to, when they share most of their telling words. */
function closestSteps(typed: string): ScriptedStep[] | undefined {
  const words = tellingWords(typed);
  if (words.length === 0) return undefined;
  let best: { steps: ScriptedStep[]; share: number } | undefined;
  for (const [prompt, steps] of stepsByPrompt) {
    const known = new Set(tellingWords(prompt));
    const share = words.filter((word) => known.has(word)).length / words.length;
    if (share >= CLOSE_ENOUGH && share > (best?.share ?? 0)) best = { steps, share };
  }
  return best?.steps;
}

function tellingWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}-]{4,}/gu) ?? []).filter((word) => !COMMON.has(word));
}

/** Shown as plain text in the chat, so without Markdown. */
function improvise({ lastUser }: ModelRequest): ModelReply {
  return {
    text: `I am a scripted model and have no lines for “${lastUser.slice(0, 200)}”. Ask me where order FF-20871 is, whether we ship to Tromsø, or for three days in Lisbon. With OPENAI_API_KEY set you talk with a real model.`,
  };
}
