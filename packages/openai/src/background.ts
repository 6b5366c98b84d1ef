import type { Answer } from './answer.js';
import { Bounded } from './implicit-run.js';
import { responseAnswer } from './map-responses.js';
import { isBag } from './own-data.js';
import { ResponseEvents } from './response-events.js';
import type { CallObserver } from './tap-promise.js';
import { tapStream } from './tap-stream.js';

/** Responses the provider is still working on; a process that starts more loses sight of the oldest ones. */
const WAITING_LIMIT = 1000;

/** A step that stays open until a later request brings its end. */
export interface WaitingStep {
  complete(answer: Answer): void;
}

const waiting = new Bounded<string, WaitingStep>(WAITING_LIMIT);

/** Remembers a step whose response the provider goes on working on. */
export function awaitResponse(responseId: string, step: WaitingStep): void {
  waiting.set(responseId, step);
}

/**
 * Hears a `retrieve` or `cancel` of a response that a step waits for. Polls are not steps: they only bring the end of one.
 */
export function backgroundObserver(responseId: string): CallObserver | undefined {
  const step = waiting.get(responseId);
  if (!step) return undefined;
  const complete = (answer: Answer) => {
    if (answer.pending) return;
    waiting.delete(responseId);
    step.complete(answer);
  };
  return {
    sent() {},
    reading() {},
    raw() {},
    failed() {},
    parsed(value) {
      try {
        const events = new ResponseEvents();
        const finish = () => {
          if (events.finished) complete(events.answer());
        };
        const streamed = tapStream(value, {
          chunk: (event) => {
            try {
              events.add(event);
              finish();
            } catch {
              // A poll that cannot be read leaves the step waiting.
            }
          },
          done() {},
          left() {},
          broke() {},
        });
        if (!streamed && isBag(value) && typeof value.status === 'string') complete(responseAnswer(value));
      } catch {
        // As above.
      }
    },
  };
}
