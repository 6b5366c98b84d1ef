/**
 * What chat clients put where: prompt, session and user of a request whose application told us nothing.
 */
import { cleanId } from './baggage.js';

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const PROMPT_FIELDS = ['prompt', 'message', 'query', 'question', 'text', 'user_prompt'] as const;

/** The last thing the user said, by the request's body. */
export function promptOf(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  // A GraphQL document is no question.
  if (typeof body.query === 'string' && ('variables' in body || 'operationName' in body)) return undefined;
  const said = lastUserMessage(body.messages) ?? lastUserMessage(body.input) ?? textOf(body.input);
  if (said) return said;
  for (const field of PROMPT_FIELDS) {
    const value = body[field];
    const text = typeof value === 'string' ? value : isObject(value) ? messageText(value) : undefined;
    if (text) return text;
  }
  return undefined;
}

/** Of OpenAI chat messages, Responses input items, Anthropic messages, AI SDK UI messages. */
function lastUserMessage(messages: unknown): string | undefined {
  if (!Array.isArray(messages)) return undefined;
  for (let i = messages.length - 1; i >= 0; i--) {
    const message: unknown = messages[i];
    if (isObject(message) && message.role === 'user') {
      const text = messageText(message);
      if (text) return text;
    }
  }
  return undefined;
}

const messageText = (message: Json): string | undefined =>
  textOf(message.content) ?? textOf(message.parts) ?? textOf(message.text);

/** A text, or a list of texts and parts of which some have text. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content || undefined;
  if (!Array.isArray(content)) return undefined;
  const texts: string[] = [];
  for (const part of content as unknown[]) {
    if (typeof part === 'string') texts.push(part);
    else if (isObject(part) && typeof part.text === 'string') texts.push(part.text);
  }
  return texts.join('\n') || undefined;
}

const SESSION_HEADERS = ['x-session-id', 'x-conversation-id', 'x-thread-id'];
const SESSION_FIELDS = [
  'sessionId',
  'session_id',
  'conversationId',
  'conversation_id',
  'threadId',
  'thread_id',
  'chatId',
  'chat_id',
] as const;

/** The conversation the request belongs to, by its headers or its body. */
export function sessionOf(header: (name: string) => string | undefined, body: unknown): string | undefined {
  for (const name of SESSION_HEADERS) {
    const id = cleanId(header(name));
    if (id) return id;
  }
  if (!isObject(body)) return undefined;
  for (const field of SESSION_FIELDS) {
    const id = cleanId(body[field]);
    if (id) return id;
  }
  return isUseChat(body) ? cleanId(body.id) : undefined;
}

/** AI SDK's useChat names its chat just `id`. */
function isUseChat(body: Json): boolean {
  if (typeof body.trigger === 'string') return true;
  const message = isObject(body.message) ? body.message : undefined;
  const first: unknown = Array.isArray(body.messages) ? body.messages[0] : message;
  return isObject(first) && Array.isArray(first.parts);
}

/** The id in what authentication left: passport's user, the claims of a token. */
export function userOf(...left: unknown[]): string | undefined {
  for (const user of left) {
    if (!isObject(user)) continue;
    const id = cleanId(user.id) ?? cleanId(user.sub) ?? cleanId(user.userId) ?? cleanId(user.user_id);
    if (id) return id;
  }
  return undefined;
}
