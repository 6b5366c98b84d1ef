import { type Answer, deltas, whole } from './answer.js';
import { chatUsage } from './chat-completions.js';
import type { ModelRequest } from './request.js';

type Json = Record<string, unknown>;

/** The body of a plain legacy `POST /completions`. */
export function completion(answer: Answer): Json {
  const choices = answer.choices.map((choice, index) => ({
    text: whole(choice.text ?? ''),
    index,
    logprobs: choice.logprobs ?? null,
    finish_reason: choice.finishReason,
  }));
  const usage = answer.usage();
  return {
    id: answer.id,
    object: 'text_completion',
    created: answer.created,
    model: answer.model,
    choices,
    ...(usage && { usage: chatUsage(usage) }),
  };
}

/** The payloads of a streamed legacy `POST /completions`, without the closing `[DONE]`. */
export function* completionChunks(answer: Answer, request: ModelRequest): Generator<Json> {
  const head = { id: answer.id, object: 'text_completion', created: answer.created, model: answer.model };
  for (const [index, choice] of answer.choices.entries()) {
    for (const text of deltas(choice.text ?? '')) {
      yield { ...head, choices: [{ text, index, logprobs: null, finish_reason: null }] };
    }
    if (choice.finishReason !== null) {
      yield { ...head, choices: [{ text: '', index, logprobs: null, finish_reason: choice.finishReason }] };
    }
  }
  const usage = answer.usage();
  if (request.body?.stream_options?.include_usage && usage)
    yield { ...head, choices: [], usage: chatUsage(usage) };
}
