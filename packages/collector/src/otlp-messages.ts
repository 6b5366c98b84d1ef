import type { Message } from '@observatory/core/wire';
import { isObject } from './accept-fields.js';

/**
 * Chat messages of the GenAI conventions (`parts`) and of the AI SDK (`content` as typed parts) in the one shape that readers know:
 * text as `content`, calls as `tool_calls`, one `tool` message per result. Parts of other kinds stay as they are in `content`.
 */
export function readMessages(json: unknown): Message[] | undefined {
  const list = parse(json);
  if (!Array.isArray(list)) return undefined;
  return list.filter(isObject).flatMap(readMessage);
}

/** `gen_ai.system_instructions`: an array of parts, or a text. */
export function readInstructions(json: unknown): Message | undefined {
  const parts = parse(json);
  const text = Array.isArray(parts) ? parts.filter(isObject).map(partText).filter(Boolean).join('\n') : json;
  return typeof text === 'string' && text !== '' ? { role: 'system', content: text } : undefined;
}

export function parse(json: unknown): unknown {
  if (typeof json !== 'string') return json;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

const partText = (part: Record<string, unknown>): string | undefined => {
  const text = part.text ?? part.content;
  return (part.type === 'text' || part.type === undefined) && typeof text === 'string' ? text : undefined;
};

const jsonText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

function readMessage(message: Record<string, unknown>): Message[] {
  const role = typeof message.role === 'string' ? message.role : 'unknown';
  const parts = Array.isArray(message.parts) ? message.parts : message.content;
  if (!Array.isArray(parts)) return [{ ...message, role } as Message];
  const texts: string[] = [];
  const others: unknown[] = [];
  const calls: unknown[] = [];
  const results: Message[] = [];
  for (const part of parts.filter(isObject)) {
    const text = partText(part);
    if (text !== undefined) texts.push(text);
    else if (part.type === 'tool_call' || part.type === 'tool-call') {
      calls.push({
        id: part.id ?? part.toolCallId,
        type: 'function',
        function: {
          name: part.name ?? part.toolName,
          arguments: jsonText(part.arguments ?? part.input ?? part.args),
        },
      });
    } else if (part.type === 'tool_call_response' || part.type === 'tool-result') {
      const { output } = part;
      const result =
        part.response ?? part.result ?? (isObject(output) && 'value' in output ? output.value : output);
      results.push({
        role: 'tool',
        tool_call_id: String(part.id ?? part.toolCallId ?? ''),
        content: jsonText(result),
      });
    } else others.push(part);
  }
  const content =
    others.length > 0 ? [...texts.map((text) => ({ type: 'text', text })), ...others] : texts.join('\n');
  if (role === 'tool' && results.length > 0) return results;
  const read: Message = { role, content };
  if (calls.length > 0) read.tool_calls = calls;
  return [read, ...results];
}

/** The text of the last message of a role. */
export function lastText(messages: readonly Message[] | undefined, role: string): string | undefined {
  const content = messages?.findLast((message) => message.role === role)?.content;
  if (typeof content === 'string') return content === '' ? undefined : content;
  if (!Array.isArray(content)) return undefined;
  return content.filter(isObject).map(partText).filter(Boolean).join('\n') || undefined;
}
