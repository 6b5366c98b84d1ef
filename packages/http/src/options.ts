import type { PromptInput } from '@observatory/core';

/** Reads something from a request. What it throws or rejects with is reported once and otherwise ignored. */
export type Read<Request, Value> = (request: Request) => Value | undefined | Promise<Value | undefined>;

/** What every transport knows about a request. */
export interface RequestInfo {
  /** Upper case. */
  readonly method: string;
  /** The full path as the client sent it, without the query. */
  readonly path: string;
  header(name: string): string | undefined;
}

/** A path (`/chat`), everything below one (`/api/*`), a pattern, a function, or several of them. */
export type Matcher =
  | string
  | RegExp
  | ((request: RequestInfo) => boolean)
  | readonly (string | RegExp | ((request: RequestInfo) => boolean))[];

/** What `Request` is depends on the framework: Express' request, Hono's context, a fetch `Request`, Node's message. */
export interface HttpOptions<Request> {
  /** The agent's name. Default: method and route, e.g. `POST /chat/:id`. */
  name?: string | Read<Request, string>;
  /** Requests that are recorded at all. Default: every one. */
  only?: Matcher;
  /** Requests that are never recorded, nor is anything inside them. */
  skip?: Matcher;
  /** Requests that are recorded even if no step, tool call or nested run happens in them. Default: none. */
  always?: boolean | Matcher;
  /** Default: the last user message of the body (OpenAI chat, Responses, AI SDK, `prompt`, …), else of the first step. */
  prompt?: Read<Request, string | PromptInput>;
  /** Default: the text of the last step. */
  response?: Read<Request, string>;
  /** Default: `x-session-id` and its like, `sessionId` and its like in the body, the chat id of AI SDK's useChat. */
  session?: Read<Request, string>;
  /** Default: the `id` or `sub` of what authentication left on the request. */
  user?: Read<Request, string>;
  /** Whether the runs of a session are turns of one conversation. Default: true for requests that name a session. */
  conversational?: boolean;
  tags?: readonly string[] | Read<Request, readonly string[]>;
  metadata?: Record<string, unknown> | Read<Request, Record<string, unknown>>;
  capture?: CaptureOptions;
  propagation?: PropagationOptions;
  /** Answers with the run's id in `x-observatory-run-id`, or a header of that name, for feedback buttons. Default false. */
  exposeRunId?: boolean | string;
  /** Milliseconds a run waits after its answer and its last step for more to come. Default 50. */
  settleMs?: number;
  /** Milliseconds a run waits after its answer for steps and tool calls that are still open. Default 30,000. */
  graceMs?: number;
}

/** None of this is captured unless it is asked for. */
export interface CaptureOptions {
  /** The parsed body, as the prompt's `full_input`. */
  requestBody?: boolean;
  /** Request headers by name, into the metadata. */
  headers?: readonly string[];
  /** The query, into the metadata. */
  query?: boolean;
  /** The client's address, into the metadata: Express' `req.ip` follows its `trust proxy`; elsewhere the connection's. */
  ip?: boolean;
}

/** How runs of one service find those of another, by W3C `traceparent` and `baggage`. */
export interface PropagationOptions {
  /**
   * - `link` (default): the caller's run and trace are noted in the metadata
   * - `join`: the run is nested in the caller's and takes over its session; only where `trust` says so
   * - `false`: headers are not read
   */
  accept?: 'link' | 'join' | false;
  /** Whose headers may join. An internet client can send any. Without it nothing joins. */
  trust?: (request: RequestInfo) => boolean;
  /** Origins that `fetch` inside a run tells about it, e.g. `https://tools.internal`. Default: none. */
  inject?: readonly (string | RegExp)[];
}
