import type { ContentList } from './seal.js';
import { isObject } from './snapshot.js';
import type { PromptFields } from './wire.js';

/** What a run's steps heard and said, as far as it takes to give the run a prompt and a response. */
export interface StepTexts {
  heard(field: string, value: unknown): void;
  /** The last user message of the first step. */
  prompt(): PromptFields | undefined;
  /** The text of the last step. */
  response(): string | undefined;
}

/**
 * For a run whose own prompt and response nobody knows, e.g. a request with a body of its own kind: a model call's first input
 * ends with what the user said, and its last output is what the user got.
 *
 * Holds the first step's messages and the last step's output until the run ends, nothing in between.
 */
export function stepTexts(): StepTexts {
  let first: ContentList | string | undefined;
  let last: ContentList | string | undefined;
  return {
    heard(field, value) {
      if (field === 'messages' || field === 'prompt') first ??= value as ContentList | string;
      else if (field === 'output' || field === 'response') last = value as ContentList | string;
    },
    prompt() {
      const text =
        typeof first === 'string'
          ? first
          : lastText(
              first,
              (message) => message.role === 'user' || (message.role === undefined && 'content' in message),
            );
      return text ? { user_prompt: text } : undefined;
    },
    response: () => (typeof last === 'string' ? last : lastText(last, () => true)) || undefined,
  };
}

function lastText(
  list: ContentList | undefined,
  wanted: (message: Record<string, unknown>) => boolean,
): string | undefined {
  if (!list) return undefined;
  try {
    const messages = typeof list === 'function' ? list() : list.map((json) => JSON.parse(json) as unknown);
    for (let i = messages.length - 1; i >= 0; i--) {
      const message = messages[i];
      if (!isObject(message) || !wanted(message)) continue;
      const text = textOf(message.content);
      if (text) return text;
    }
  } catch {
    // What cannot be read is said by the step itself, when it is sealed.
  }
  return undefined;
}

/** The text of a message's content: a string, or the text parts of a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) =>
      typeof part === 'string' ? part : isObject(part) && typeof part.text === 'string' ? part.text : '',
    )
    .filter((text) => text !== '')
    .join('\n');
}
