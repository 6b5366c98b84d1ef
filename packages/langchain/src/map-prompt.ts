import { toJson, toText } from '@observatory/core/recorder';
import { contentText, fieldsOf, readMessage, roleOf } from './map-messages.js';
import { bag, list, readable, text } from './reading.js';

export interface Prompt {
  user_prompt: string;
  system_prompt?: string;
  full_input?: string;
}

/** Keys under which chains take what the user asked. */
const QUESTION_KEYS = ['input', 'question', 'query', 'prompt', 'text', 'topic', 'human_input'] as const;
/** Keys under which chains answer. */
const ANSWER_KEYS = ['output', 'answer', 'result', 'response', 'text', 'output_text', 'content'] as const;

/** The user's words in what a chain, graph or model got. */
export function readPrompt(inputs: unknown): Prompt {
  return readable(() => promptOf(inputs)) ?? { user_prompt: '[unreadable input]' };
}

function promptOf(inputs: unknown): Prompt {
  if (typeof inputs === 'string') return { user_prompt: inputs };
  if (isCommand(inputs)) return { user_prompt: toText(bag(inputs).resume ?? '') };
  const messages = messagesIn(inputs);
  if (messages) {
    const user = messages.findLast((message) => roleOfAny(message) === 'user') ?? messages.at(-1);
    const system = messages
      .filter((message) => roleOfAny(message) === 'system' || roleOfAny(message) === 'developer')
      .map(textOfMessage)
      .join('\n');
    return { user_prompt: textOfMessage(user), ...(system === '' ? {} : { system_prompt: system }) };
  }
  const values = bag(inputs);
  const keys = Object.keys(values);
  // RunnableLambda and friends wrap what is no object.
  const key = QUESTION_KEYS.find((name) => name in values) ?? (keys.length === 1 ? keys[0] : undefined);
  if (key !== undefined) {
    const value = values[key];
    const words =
      typeof value === 'string'
        ? value
        : messagesIn(value) || roleOf(value)
          ? promptOf(value).user_prompt
          : toText(value ?? '');
    return keys.length === 1 ? { user_prompt: words } : { user_prompt: words, full_input: toJson(inputs) };
  }
  return { user_prompt: inputs === undefined || inputs === null ? '' : toJson(inputs) };
}

/** The final words in what a chain, graph or tool gave back; undefined where there are none. */
export function readResponse(outputs: unknown): string | undefined {
  return readable(() => responseOf(outputs));
}

function responseOf(outputs: unknown): string | undefined {
  if (typeof outputs === 'string') return outputs;
  if (outputs === undefined || outputs === null) return undefined;
  if (roleOf(outputs) !== undefined) return answerText(outputs);
  const values = bag(outputs);
  if (values.structuredResponse !== undefined) return toJson(values.structuredResponse);
  const messages = messagesIn(outputs);
  if (messages) {
    const answer = messages.findLast((message) => roleOfAny(message) === 'assistant');
    return answer === undefined ? undefined : answerText(answer);
  }
  const keys = Object.keys(values);
  const key = ANSWER_KEYS.find((name) => name in values) ?? (keys.length === 1 ? keys[0] : undefined);
  if (key !== undefined) {
    const value = values[key];
    if (typeof value === 'string') return value;
    if (messagesIn(value) || roleOf(value)) return responseOf(value);
    if (keys.length === 1) return value === undefined || value === null ? undefined : toText(value);
  }
  return toJson(outputs);
}

/** An answer that only asks for tools has no words. */
function answerText(message: unknown): string {
  const words = textOfMessage(message);
  if (words !== '') return words;
  const { content } = fieldsOf(message);
  return typeof content === 'object' && content !== null && !Array.isArray(content) ? toJson(content) : words;
}

/** The words of the last human message among messages, for a model that is called by itself. */
const textOfMessage = (message: unknown): string =>
  typeof message === 'string' ? message : contentText(readMessage(message)?.content);

const roleOfAny = (message: unknown): string | undefined => readMessage(message)?.role;

/** Messages in the value itself, or under its `messages`; undefined where there are none. */
function messagesIn(value: unknown): readonly unknown[] | undefined {
  const candidates = Array.isArray(value) ? value : list(bag(value).messages);
  return candidates.length > 0 && candidates.every((entry) => looksLikeMessage(entry))
    ? candidates
    : undefined;
}

function looksLikeMessage(entry: unknown): boolean {
  if (Array.isArray(entry)) return entry.length === 2 && typeof entry[0] === 'string';
  return typeof entry === 'object' && roleOf(entry) !== undefined;
}

/** LangGraph's answer to an interrupt. */
export const isCommand = (inputs: unknown): boolean =>
  bag(inputs).lg_name === 'Command' && bag(inputs).resume !== undefined;

export const resumeValue = (inputs: unknown): string | undefined =>
  isCommand(inputs) ? text(toText(bag(inputs).resume)) : undefined;
