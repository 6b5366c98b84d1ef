import { iso, nextSeq } from './clock.js';
import { settings } from './config.js';
import { outbox } from './current-outbox.js';
import { misuse } from './diagnostics.js';
import { isObject, toText } from './snapshot.js';
import type { FeedbackItem } from './wire.js';

export interface FeedbackInput {
  runId: string;
  score?: 'thumbs_up' | 'thumbs_down' | undefined;
  /** What the user said. */
  text?: string | undefined;
}

/**
 * Thumbs and words about a run, from any process and at any time.
 *
 * @example
 * ```ts
 * await submitFeedback({ runId, score: 'thumbs_down', text: 'Wrong city.' });
 * ```
 */
export async function submitFeedback(input: FeedbackInput): Promise<void> {
  if (settings.disabled) return;
  const { runId, score, text } = isObject(input)
    ? (input as unknown as FeedbackInput)
    : ({} as FeedbackInput);
  if (typeof runId !== 'string' || runId === '') {
    misuse({ kind: 'invalid-feedback', message: 'submitFeedback() needs runId, the id of a run.' });
    return;
  }
  const known = score === 'thumbs_up' || score === 'thumbs_down';
  if (score !== undefined && !known) {
    misuse({
      kind: 'invalid-feedback',
      message: "score is 'thumbs_up' or 'thumbs_down'; it was left out.",
      runId,
    });
  }
  const hasText = text !== undefined && text !== null && text !== '';
  if (!known && !hasText) {
    misuse({ kind: 'invalid-feedback', message: 'submitFeedback() needs score, text or both.', runId });
    return;
  }
  const item: FeedbackItem = { type: 'feedback', run_id: runId, time: iso(Date.now()), seq: nextSeq() };
  if (known) item.score = score;
  if (hasText) item.text = toText(text);
  outbox().add(item, 256 + (item.text?.length ?? 0), true);
  await outbox().acknowledged();
}
