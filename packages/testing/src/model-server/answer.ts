import type { Choice, ModelReply, ToolCallReply, Usage } from './reply.js';
import type { ModelRequest } from './request.js';

/** A reply with everything filled in that a wire shape needs: ids, model, choices, finish reasons, token counts. */
export interface Answer {
  id: string;
  /** Seconds since 1970, as OpenAI counts. */
  created: number;
  model: string;
  reply: ModelReply;
  choices: AnswerChoice[];
  /** Undefined when the reply wants none. Read it after the texts are sent: it counts them. */
  usage(): TokenCounts | undefined;
}

export interface AnswerChoice extends Choice {
  toolCalls: AnswerToolCall[];
  finishReason: string | null;
}

export interface AnswerToolCall extends ToolCallReply {
  id: string;
  /** Argument text as it goes on the wire. */
  argsText: string;
  deltas: string[];
}

export interface TokenCounts {
  prompt: number;
  completion: number;
  cached: number;
  cacheWrite: number;
  reasoning: number;
  audioPrompt: number;
  audioCompletion: number;
}

/** Gives out ids that are unique within a server and the same from one test run to the next. */
export type NextId = (prefix: string) => string;

const CHARACTERS_PER_TOKEN = 4;

export function answer(reply: ModelReply, request: ModelRequest, idPrefix: string, nextId: NextId): Answer {
  const wanted = typeof request.body?.n === 'number' ? request.body.n : 1;
  const given: Choice[] = reply.choices ?? Array.from({ length: wanted }, () => reply);
  let sentCharacters = 0;
  // Texts are counted as they pass, because a reply may give deltas from a generator.
  const counted = (texts: string | Iterable<string> | undefined) =>
    texts === undefined ? undefined : count(texts, given.length > 1, (length) => (sentCharacters += length));
  const choices = given.map((choice): AnswerChoice => {
    const toolCalls = (choice.toolCalls ?? []).map((call) => toolCall(call, nextId));
    for (const call of toolCalls) sentCharacters += call.name.length + call.argsText.length;
    const { text, reasoning, refusal } = choice;
    return {
      ...choice,
      ...(text !== undefined && { text: counted(text)! }),
      ...(reasoning !== undefined && { reasoning: counted(reasoning)! }),
      ...(refusal !== undefined && { refusal: counted(refusal)! }),
      toolCalls,
      finishReason: choice.finishReason === undefined ? naturalFinish(choice, reply) : choice.finishReason,
    };
  });
  return {
    id: reply.id ?? nextId(idPrefix),
    created: Math.floor(Date.now() / 1000),
    model: reply.model ?? (request.model || 'gpt-4o-mini'),
    reply,
    choices,
    usage: () => (reply.usage === null ? undefined : counts(reply.usage ?? {}, request, sentCharacters)),
  };
}

/** The pieces of a text as they are streamed: about a word each, or exactly as the script gives them. */
export function deltas(texts: string | Iterable<string>): Iterable<string> {
  return typeof texts === 'string' ? (texts.match(/\s*\S+|\s+$/g) ?? []) : texts;
}

export function whole(texts: string | Iterable<string>): string {
  return typeof texts === 'string' ? texts : Array.from(texts).join('');
}

function toolCall(call: ToolCallReply, nextId: NextId): AnswerToolCall {
  const { args = {} } = call;
  const argsText = call.deltas?.join('') ?? (typeof args === 'string' ? args : JSON.stringify(args));
  return {
    ...call,
    id: call.id ?? nextId('call_'),
    argsText,
    deltas: call.deltas ?? argsText.match(/[\s\S]{1,8}/g) ?? [],
  };
}

function naturalFinish(choice: Choice, reply: ModelReply): string {
  if (choice.functionCall) return 'function_call';
  // Gemini says `stop` even when it asks for tools.
  return choice.toolCalls?.length && reply.habit !== 'gemini' ? 'tool_calls' : 'stop';
}

function count(
  texts: string | Iterable<string>,
  shared: boolean,
  add: (length: number) => void,
): string | Iterable<string> {
  if (typeof texts === 'string') {
    add(texts.length);
    return texts;
  }
  // A generator can be read once, but repeated choices read it each.
  const source = shared && !Array.isArray(texts) ? Array.from(texts) : texts;
  return {
    *[Symbol.iterator]() {
      for (const delta of source) {
        add(delta.length);
        yield delta;
      }
    },
  };
}

function counts(usage: Usage, request: ModelRequest, sentCharacters: number): TokenCounts {
  const { cached = 0, cacheWrite = 0, reasoning = 0, audioPrompt = 0, audioCompletion = 0 } = usage;
  return {
    prompt: usage.prompt ?? Math.max(tokens(request.rawBody.length), cached + cacheWrite),
    completion: usage.completion ?? tokens(sentCharacters) + reasoning,
    cached,
    cacheWrite,
    reasoning,
    audioPrompt,
    audioCompletion,
  };
}

function tokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}
