import { type Message, toText } from '@observatory/core/recorder';
import { type Bag, bag, list, readable, text } from './reading.js';

const ROLES: Readonly<Record<string, string>> = {
  human: 'user',
  ai: 'assistant',
  AIMessageChunk: 'assistant',
  HumanMessageChunk: 'user',
  SystemMessageChunk: 'system',
  ToolMessageChunk: 'tool',
};

/** A message as LangChain takes them: an instance of any copy, an object, a `[role, content]` pair, a serialised message, a text. */
export function readMessage(value: unknown): Message | undefined {
  return readable(() => {
    if (typeof value === 'string') return { role: 'user', content: value };
    if (Array.isArray(value)) {
      const [role, content] = value as unknown[];
      return typeof role === 'string'
        ? { role: ROLES[role] ?? role, content: readContent(content) }
        : undefined;
    }
    const role = roleOf(value);
    return role === undefined ? undefined : fields(role, fieldsOf(value));
  });
}

export function readMessages(values: unknown): Message[] {
  const messages: Message[] = [];
  for (const value of list(values)) {
    const message = readMessage(value);
    if (message) messages.push(message);
  }
  return messages;
}

/** `user`, `assistant`, `system`, `tool`, …; undefined for what is no message. */
export function roleOf(value: unknown): string | undefined {
  const message = bag(value);
  let type: unknown;
  if (typeof message.getType === 'function') type = (message as { getType(): unknown }).getType();
  else if (typeof message._getType === 'function') type = (message as { _getType(): unknown })._getType();
  else if (message.lc !== undefined && message.kwargs !== undefined) {
    type = text(list(message.id).at(-1))
      ?.replace(/Message(Chunk)?$/, '')
      .toLowerCase();
  } else if ('content' in message || 'data' in message) type = message.role ?? message.type;
  // A ChatMessage brings its own role.
  if (type === 'generic') type = message.role;
  return typeof type === 'string' ? (ROLES[type] ?? type) : undefined;
}

/** Where a message keeps its content: on itself, or one level down where it was serialised. */
export function fieldsOf(value: unknown): Bag {
  const message = bag(value);
  if (message.lc !== undefined && message.kwargs !== undefined && !('content' in message))
    return bag(message.kwargs);
  return 'content' in message ? message : bag(message.data ?? message);
}

function fields(role: string, source: Bag): Message {
  const message: Message = { role, content: readContent(source.content) };
  const extra = bag(source.additional_kwargs);
  if (role === 'assistant') {
    const calls = toolCalls(source, extra);
    if (calls.length > 0) {
      message.tool_calls = calls;
      // Anthropic repeats the calls as content blocks.
      if (Array.isArray(message.content)) {
        message.content = joined(message.content.filter((block) => !isCallBlock(block)));
      }
    }
    const reasoning = text(extra.reasoning_content) ?? text(extra.reasoning);
    if (reasoning !== undefined) message.reasoning_content = reasoning;
    const refusal = text(extra.refusal);
    if (refusal !== undefined) message.refusal = refusal;
  } else {
    const name = text(source.name);
    if (name !== undefined) message.name = name;
  }
  if (role === 'tool') {
    const id = text(source.tool_call_id);
    if (id !== undefined) message.tool_call_id = id;
    if (source.status === 'error') message.status = 'error';
  }
  return message;
}

const CALL_BLOCKS = new Set([
  'tool_use',
  'tool_call',
  'function_call',
  'input_json_delta',
  'invalid_tool_call',
]);

const isCallBlock = (block: unknown): boolean => CALL_BLOCKS.has(String(bag(block).type));

/** In the shape of OpenAI's chat completions; calls whose arguments the model garbled are among them. */
function toolCalls(source: Bag, extra: Bag): unknown[] {
  const calls = [...list(source.tool_calls), ...list(source.invalid_tool_calls)].map((value) => {
    const call = bag(value);
    return {
      ...(text(call.id) === undefined ? {} : { id: call.id }),
      type: 'function',
      function: { name: text(call.name) ?? '', arguments: toText(call.args ?? {}) },
    };
  });
  return calls.length > 0 ? calls : [...list(extra.tool_calls)];
}

/** Texts as one text; other blocks as they are, but for binary data, which is named and not kept. */
export function readContent(content: unknown): unknown {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return joined(content.map((block) => withoutBinary(block, 4)));
  return content === undefined || content === null ? '' : withoutBinary(content, 4);
}

function joined(blocks: readonly unknown[]): unknown {
  if (blocks.length === 0) return '';
  const texts = blocks.map(blockText);
  return texts.every((part) => part !== undefined) ? texts.join('') : blocks;
}

function blockText(block: unknown): string | undefined {
  if (typeof block === 'string') return block;
  const { type, text: words } = bag(block);
  return (type === 'text' || type === 'text_delta' || type === 'output_text') && typeof words === 'string'
    ? words
    : undefined;
}

/** The words of a message's content, without reasoning and media. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return list(content)
    .map((block) => blockText(block) ?? '')
    .join('');
}

/** Shorter texts are no media worth leaving out. */
const BINARY_FROM = 256;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

function withoutBinary(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length < BINARY_FROM ? value : binaryName(value);
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[binary, ${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((member) => withoutBinary(member, depth - 1));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    copy[key] = withoutBinary((value as Record<string, unknown>)[key], depth - 1);
  }
  return copy;
}

function binaryName(value: string): string {
  const url = /^data:([^;,]{0,100})[^,]{0,100},/.exec(value.slice(0, 256));
  const start = url ? url[0].length : 0;
  const sample = value.slice(start, start + 128);
  if (!url && (!BASE64.test(sample) || !BASE64.test(value.slice(-64)))) return value;
  return `[${url?.[1] || 'base64'}, ${Math.floor(((value.length - start) * 3) / 4)} bytes]`;
}
