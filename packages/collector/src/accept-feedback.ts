import { isObject } from './accept-fields.js';
import { RequestProblem } from './body.js';

/** The body of `/v1/feedback`: the seed product's camelCase, or the wire's own names. Gives the wire's item. */
export function acceptFeedbackBody(body: Buffer): Record<string, unknown> {
  let sent: unknown;
  try {
    sent = JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    throw new RequestProblem(
      400,
      'body_not_readable',
      'the body must be JSON: {"runId": "…", "score": "thumbs_up"}',
      'body',
    );
  }
  if (!isObject(sent)) {
    throw new RequestProblem(
      400,
      'body_not_readable',
      'the body must be an object: {"runId": "…", "score": "thumbs_up"}',
      'body',
    );
  }
  const { runId, run_id = runId, score, text, time, seq } = sent;
  return { type: 'feedback', run_id, score, text, time, seq };
}
