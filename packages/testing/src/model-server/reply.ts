import type { ModelRequest } from './request.js';

/**
 * What the model answers. Everything is optional: `{}` is an empty answer, a string is `{ text }`.
 *
 * The same reply works on `/chat/completions`, `/responses` and `/completions`, plain or streamed: the request decides the
 * wire shape, the reply only says what the model does.
 *
 * @example
 * ```ts
 * const server = await modelServer([
 *   { toolCalls: [{ name: 'get_weather', args: { city: 'Oslo' } }] },
 *   { text: 'Sunny, 21 °C.', usage: { prompt: 120, cached: 100, completion: 8 } },
 * ]);
 * ```
 */
export interface ModelReply extends Choice, Timing {
  /** Several choices, for requests with `n` above 1. Without it, `n` choices repeat this reply. */
  choices?: Choice[];
  /** Token counts. Default: estimated from the texts, about four characters a token. `null` sends no usage at all. */
  usage?: Usage | null;
  /** The model that answers. Default: the requested one. */
  model?: string;
  /** Default: `chatcmpl-…`, `resp_…` or `cmpl-…` with a running number. */
  id?: string;
  serviceTier?: string;
  /** Further response headers; they replace those of the same name, `x-request-id` included. */
  headers?: Record<string, string>;
  /** Whose habits the answer follows on chat completions. Default: `openai`. See {@link Habit}. */
  habit?: Habit;
  /** Responses API: how the response ends. Default: `completed`, or `incomplete` with finish reason `length` or `content_filter`. */
  status?: 'completed' | 'failed' | 'incomplete' | 'cancelled';
  /** Responses API: `error` of a failed response. */
  failure?: { code: string; message: string };
  /** Responses API: output items sent as they are before the text, e.g. `web_search_call` or `mcp_call` of hosted tools. */
  items?: OutputItem[];
  /** Responses API with `background: true`: how many polls see `in_progress` before the end. Default: 1. */
  polls?: number;
  /** Ends the answer in the middle. */
  cut?: Cut;
}

/** One alternative of an answer. */
export interface Choice {
  /** A string is streamed word by word; an array or other iterable gives the deltas exactly. */
  text?: string | Iterable<string>;
  /** Chat: `reasoning_content`. Responses: the summary of a `reasoning` item. */
  reasoning?: string | Iterable<string>;
  /** Name of the chat member that carries `reasoning`. Groq, Ollama and OpenRouter use `reasoning`. */
  reasoningField?: 'reasoning_content' | 'reasoning';
  refusal?: string | Iterable<string>;
  toolCalls?: ToolCallReply[];
  /** Streams the argument deltas of several tool calls in turns instead of one call after the other. */
  interleave?: boolean;
  /** The legacy `function_call` of chat completions. */
  functionCall?: { name: string; args: unknown };
  /** Chat audio output; `data` is base64. */
  audio?: { id?: string; transcript: string; data: string };
  /** Sent as they are on every message or text part. */
  annotations?: unknown[];
  logprobs?: unknown;
  /** Default: `tool_calls` when there are tool calls (`stop` with the Gemini habit), else `stop`. `null` never sends one. */
  finishReason?: string | null;
}

export interface ToolCallReply {
  name: string;
  /** An object is sent as JSON text, a string as it is, so that a test can send broken JSON. Default: `{}`. */
  args?: unknown;
  /** Default: `call_…` with a running number. An empty string is sent as such. */
  id?: string;
  /** A custom tool takes free text instead of JSON. Default: `function`. */
  type?: 'function' | 'custom';
  /** Exact argument deltas of a streamed answer. Default: pieces of a few characters. */
  deltas?: string[];
}

/** An output item of the Responses API, e.g. `{ type: 'web_search_call', action: {...} }`. `id` and `status` are filled in. */
export interface OutputItem {
  type: string;
  [member: string]: unknown;
}

/** Token counts as people count them; details are part of their total (`cached` of `prompt`, `reasoning` of `completion`). */
export interface Usage {
  /** All input tokens, cached and written to the cache included. */
  prompt?: number;
  /** All output tokens, reasoning included. */
  completion?: number;
  cached?: number;
  cacheWrite?: number;
  reasoning?: number;
  audioPrompt?: number;
  audioCompletion?: number;
  /** Sends the running usage on every chunk of a streamed chat completion, as vLLM does with `continuous_usage_stats`. */
  everyChunk?: boolean;
}

/**
 * Habits of servers that speak OpenAI's protocol, on chat completions:
 *
 * - `openai`
 * - `azure`: the first chunk has no choices and carries the prompt's filter results
 * - `ollama`: each tool call comes whole, in a chunk of its own, all with index 0
 * - `gemini`: tool calls have no index and may have an empty id, the finish reason stays `stop`, usage is on every chunk
 * - `groq`: usage is in `x_groq` of the last chunk, asked for or not
 */
export type Habit = 'openai' | 'azure' | 'ollama' | 'gemini' | 'groq';

export interface Timing {
  /** Milliseconds before the response headers. */
  delayMs?: number;
  /** Milliseconds before each chunk, or before the chunk with this index. */
  chunkDelayMs?: number | ((index: number) => number);
  /** Awaited before each chunk: a test holds the stream here until it is ready. Not called on plain answers. */
  beforeChunk?: (index: number) => unknown;
}

export interface Cut {
  /** Chunks (SSE events) that still go out. On a plain answer any number means the first half of the body. */
  after: number;
  /**
   * - `drop`: the socket is destroyed
   * - `end`: the stream ends properly, but without a finish reason and without `[DONE]`
   * - `hang`: nothing more comes, the connection stays open
   * - `error`: an SSE error event, then the end
   */
  with: 'drop' | 'end' | 'hang' | 'error';
  error?: { message?: string; type?: string; code?: string | null };
}

/** An HTTP error in OpenAI's error shape. Message, type and code default to what OpenAI sends for the status. */
export interface ErrorReply extends Timing {
  error:
    | number
    | {
        status: number;
        message?: string;
        type?: string;
        code?: string | null;
        param?: string | null;
        /** Seconds, sent as `retry-after`. */
        retryAfter?: number;
        /** Milliseconds, sent as `retry-after-ms`, which the client prefers. */
        retryAfterMs?: number;
        headers?: Record<string, string>;
      };
}

/** Trouble before the response headers: the connection is reset, or stays open without an answer. */
export interface ConnectionReply {
  connection: 'reset' | 'hang';
}

/** Exactly these bytes. */
export interface RawReply extends Timing {
  raw: {
    /** Default: 200. */
    status?: number;
    headers?: Record<string, string>;
    /** A plain object or array of objects is sent as JSON; an iterable of text or bytes is written piece by piece, with back-pressure. */
    body?:
      | string
      | Uint8Array
      | Record<string, unknown>
      | Iterable<string | Uint8Array>
      | AsyncIterable<string | Uint8Array>;
    /** Instead of `body`: the payloads of server-sent events. A string is sent as it is, an object as JSON. */
    sse?: Iterable<unknown> | AsyncIterable<unknown>;
    /** With `sse`: whether `data: [DONE]` ends the stream. Default: true on chat completions, else false. */
    done?: boolean;
  };
}

export type Reply = string | ModelReply | ErrorReply | ConnectionReply | RawReply;

/** Which requests a {@link Rule} answers. All members given must hold. */
export interface Match {
  /** The endpoint's path after the base URL. Default: any endpoint that asks a model for text. */
  endpoint?: ModelRequest['endpoint'];
  model?: string | RegExp;
  /** The text of the last user message: contained, or matched. */
  lastUser?: string | RegExp;
  /** The text of the last message of any role. */
  lastMessage?: string | RegExp;
  /** True: the request ends with tool results. A string or pattern: one of them contains or matches it. */
  toolResult?: boolean | string | RegExp;
  stream?: boolean;
  test?: (request: ModelRequest) => boolean;
}

/** A standing answer: the first rule that matches and is not used up wins over the list of turns. */
export interface Rule {
  when: Match;
  /** An array is used in order; its last reply repeats unless `times` says otherwise. */
  reply: Reply | Reply[] | ((request: ModelRequest) => Reply | Promise<Reply>);
  /** How often the rule answers. Default: always. */
  times?: number;
}

/**
 * What the server says: turns in order, rules, both mixed, or a function of the request and its number (from 0).
 * A function that returns undefined leaves endpoints other than chat, responses and completions to their default answers.
 */
export type Script =
  | readonly (Reply | Rule)[]
  | ((request: ModelRequest, turn: number) => Reply | undefined | Promise<Reply | undefined>);
