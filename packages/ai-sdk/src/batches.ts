import type { Call } from './call.js';
import { type Fields, list, text } from './plain.js';

/** Embeddings and rankings: batches of one call run side by side, and a retried one starts again with the same values. */
export function startBatch(call: Call, event: Fields, kind: string, parameters: Fields | undefined): void {
  const subject = event.values ?? event.documents;
  const id = text(event.embedCallId) ?? '';
  const known = call.batches.find((batch) => !batch.step.over && sameBatch(batch.subject, subject));
  if (known) {
    known.id = id;
    known.step.attempt();
    return;
  }
  const step = call.startStep({
    kind,
    provider: text(event.provider),
    modelId: text(event.modelId),
    parameters,
    messages: call.messages(undefined, asked(event.values ?? [event.query])),
  });
  step.attempt();
  call.batches.push({ id, subject, step });
}

export function endBatch(call: Call, event: Fields): void {
  const id = text(event.embedCallId) ?? '';
  const at = call.batches.findIndex((batch) => batch.id === id);
  const [batch] = at < 0 ? [] : call.batches.splice(at, 1);
  batch?.step.answer({ usage: event.usage, content: [] });
}

const sameBatch = (a: unknown, b: unknown): boolean =>
  a === b || (list(a).length === 1 && list(b).length === 1 && list(a)[0] === list(b)[0]);

/** Texts as messages. */
export const asked = (texts: unknown): { role: 'user'; content: string }[] =>
  list(texts).flatMap((content) => (typeof content === 'string' ? [{ role: 'user' as const, content }] : []));

/** What is asked of a model that is not a chat model: a text to embed, a query, words to speak. */
export function askedOf(settings: Fields): string | undefined {
  const { value, values, query, text: words, prompt } = settings;
  if (Array.isArray(values)) return values.map(String).join('\n');
  return text(value) ?? text(query) ?? text(words) ?? text(prompt);
}
