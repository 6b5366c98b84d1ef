import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What a request asks for. `other` is any path the server does not know. */
export type Endpoint =
  | 'chat'
  | 'responses'
  | 'completions'
  | 'embeddings'
  | 'models'
  | 'images'
  | 'speech'
  | 'transcriptions'
  | 'moderations'
  | 'other';

/** A message of the conversation, whichever API carried it. */
export interface ConversationMessage {
  role: string;
  /** The text parts, joined. */
  text: string;
  /** For tool results: the call they answer. */
  toolCallId?: string;
  /** For assistant messages: the calls they asked for. */
  toolCalls?: { id: string; name: string; args: string }[];
}

/** A request as the server received it. */
export interface ModelRequest {
  method: string;
  /** After the base URL, without query: `/chat/completions`. */
  path: string;
  /** As it was on the request line. */
  url: string;
  endpoint: Endpoint;
  headers: IncomingHttpHeaders;
  /** Parsed JSON, or the fields of a multipart form (files as `{ name, type, size }`), or undefined. */
  body: RequestBody | undefined;
  /** The bytes of the body, decoded as UTF-8. */
  rawBody: string;
  model: string;
  stream: boolean;
  /** Chat messages or Responses input items in one shape. */
  messages: ConversationMessage[];
  /** The text of the last user message, or ''. */
  lastUser: string;
  /** The tool results at the end of the conversation: those that came with this request. */
  toolResults: { id: string; text: string }[];
  /** True once the client closed the connection before the answer was complete. */
  aborted: boolean;
  /** Resolves when the answer is complete or the connection is closed. */
  closed: Promise<void>;
}

/** The members of a request that scripts commonly look at; everything else is there too. */
export interface RequestBody {
  model?: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  n?: number;
  tools?: unknown[];
  messages?: unknown[];
  input?: unknown;
  [member: string]: unknown;
}

const ENDPOINTS: readonly [RegExp, Endpoint][] = [
  [/^\/chat\/completions$/, 'chat'],
  [/^\/responses(\/|$)/, 'responses'],
  [/^\/completions$/, 'completions'],
  [/^\/embeddings$/, 'embeddings'],
  [/^\/models(\/|$)/, 'models'],
  [/^\/images\/(generations|edits|variations)$/, 'images'],
  [/^\/audio\/speech$/, 'speech'],
  [/^\/audio\/(transcriptions|translations)$/, 'transcriptions'],
  [/^\/moderations$/, 'moderations'],
];

// Base URLs differ: /v1, Groq's /openai/v1, Gemini's /v1beta/openai, Azure's /openai/deployments/NAME.
const KNOWN_TAIL =
  /\/(?:chat\/completions|completions|responses|embeddings|models|images|audio|moderations)(?:\/[^?]*)?$/;

export async function readRequest(message: IncomingMessage, closed: Promise<void>): Promise<ModelRequest> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  const url = message.url ?? '/';
  const fullPath = url.split('?')[0] ?? '/';
  const path = KNOWN_TAIL.exec(fullPath)?.[0] ?? fullPath;
  const body = await parseBody(bytes, message.headers);
  const messages = conversation(body);
  return {
    method: message.method ?? 'GET',
    path,
    url,
    endpoint: ENDPOINTS.find(([pattern]) => pattern.test(path))?.[1] ?? 'other',
    headers: message.headers,
    body,
    rawBody: bytes.toString('utf8'),
    model: text(body?.model) || /\/deployments\/([^/]+)/.exec(fullPath)?.[1] || '',
    stream: body?.stream === true || body?.stream === ('true' as unknown),
    messages,
    lastUser: messages.findLast(({ role }) => role === 'user')?.text ?? '',
    toolResults: trailingToolResults(messages),
    aborted: false,
    closed,
  };
}

async function parseBody(bytes: Buffer, headers: IncomingHttpHeaders): Promise<RequestBody | undefined> {
  if (bytes.length === 0) return undefined;
  const type = headers['content-type'] ?? '';
  try {
    if (type.includes('multipart/form-data')) {
      const form = await new Response(new Uint8Array(bytes), {
        headers: { 'content-type': type },
      }).formData();
      const fields: RequestBody = {};
      for (const [name, value] of form as unknown as Iterable<[string, string | File]>) {
        fields[name] =
          typeof value === 'string' ? value : { name: value.name, type: value.type, size: value.size };
      }
      return fields;
    }
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function conversation(body: RequestBody | undefined): ConversationMessage[] {
  if (Array.isArray(body?.messages)) return body.messages.filter(isObject).map(chatMessage);
  if (typeof body?.input === 'string') return [{ role: 'user', text: body.input }];
  if (Array.isArray(body?.input)) return body.input.filter(isObject).map(inputItem);
  if (typeof body?.prompt === 'string') return [{ role: 'user', text: body.prompt }];
  return [];
}

function chatMessage(message: Record<string, unknown>): ConversationMessage {
  const result: ConversationMessage = { role: text(message.role), text: contentText(message.content) };
  if (message.role === 'tool') result.toolCallId = text(message.tool_call_id);
  if (message.role === 'function') result.toolCallId = text(message.name);
  if (Array.isArray(message.tool_calls)) {
    result.toolCalls = message.tool_calls.filter(isObject).map((call) => {
      const callee = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
      return { id: text(call.id), name: text(callee.name), args: text(callee.arguments ?? callee.input) };
    });
  }
  return result;
}

function inputItem(item: Record<string, unknown>): ConversationMessage {
  const type = text(item.type);
  if (type.endsWith('_call_output')) {
    return { role: 'tool', text: contentText(item.output), toolCallId: text(item.call_id) };
  }
  if (type === 'function_call' || type === 'custom_tool_call') {
    const call = { id: text(item.call_id), name: text(item.name), args: text(item.arguments ?? item.input) };
    return { role: 'assistant', text: '', toolCalls: [call] };
  }
  return { role: text(item.role) || type, text: contentText(item.content) };
}

function trailingToolResults(messages: ConversationMessage[]): { id: string; text: string }[] {
  const lastOther = messages.findLastIndex(({ toolCallId }) => toolCallId === undefined);
  return messages
    .slice(lastOther + 1)
    .map((message) => ({ id: message.toolCallId ?? '', text: message.text }));
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content))
    return content === undefined || content === null ? '' : JSON.stringify(content);
  return content
    .filter(isObject)
    .map((part) => text(part.text ?? part.refusal))
    .join('');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
