import { type Message, toJson, toText } from '@observatory/core/recorder';
import { mapFile } from './map-binary.js';
import { type Fields, fields, isFields, list, text } from './plain.js';

/**
 * A prompt of the SDK or of a provider under it, as neutral messages. They are copies: what the host does to its messages
 * later changes nothing. In an agent loop each step resends what came before, so what was mapped once is reused.
 */
export class MessageMapper {
  readonly #mapped = new WeakMap<object, Message[]>();

  map(instructions: unknown, messages: unknown): Message[] {
    const result: Message[] = [];
    for (const message of [...systemMessages(instructions), ...list(messages)]) {
      if (!isFields(message)) continue;
      let mapped = this.#mapped.get(message);
      if (!mapped) {
        mapped = mapMessage(message);
        this.#mapped.set(message, mapped);
      }
      result.push(...mapped);
    }
    return result;
  }
}

function systemMessages(instructions: unknown): readonly unknown[] {
  if (typeof instructions === 'string') return [{ role: 'system', content: instructions }];
  return Array.isArray(instructions) ? instructions : isFields(instructions) ? [instructions] : [];
}

function mapMessage(message: Fields): Message[] {
  const role = text(message.role) ?? 'user';
  const { content } = message;
  if (typeof content === 'string') return [{ role, content }];
  const parts = list(content).filter(isFields);
  if (role === 'tool') return parts.flatMap(mapToolPart);
  return [
    ...assembled(role, parts),
    ...parts.filter(({ type }) => type === 'tool-result').flatMap(mapToolPart),
  ];
}

/** The parts of one turn as one message. */
export function assembled(role: string, parts: readonly Fields[]): Message[] {
  const content: Fields[] = [];
  const calls: Fields[] = [];
  let reasoning = '';
  for (const part of parts) {
    switch (part.type) {
      case 'text':
        content.push({ type: 'text', text: text(part.text) ?? '' });
        break;
      case 'reasoning':
        reasoning += text(part.text) ?? '';
        break;
      case 'tool-call':
        calls.push(mapToolCall(part));
        break;
      case 'image':
      case 'file':
      case 'reasoning-file':
        content.push(mapFile(part));
        break;
      case 'source':
        content.push({ type: 'source', url: text(part.url), title: text(part.title) });
        break;
      case 'tool-approval-request':
        content.push({ type: 'tool_approval_request', tool_call_id: toolCallIdOf(part) });
        break;
    }
  }
  if (content.length === 0 && calls.length === 0 && reasoning === '') return [];
  const message: Message = { role };
  if (content.length > 0) message.content = plainText(content) ?? content;
  else if (calls.length > 0) message.content = null;
  if (reasoning !== '') message.reasoning = reasoning;
  if (calls.length > 0) message.tool_calls = calls;
  return [message];
}

export const toolCallIdOf = (part: Fields): string | undefined =>
  text(part.toolCallId) ?? text(fields(part.toolCall).toolCallId);

function plainText(content: readonly Fields[]): string | undefined {
  let joined = '';
  for (const part of content) {
    if (part.type !== 'text') return undefined;
    joined += part.text;
  }
  return joined;
}

function mapToolCall(part: Fields): Fields {
  return {
    id: text(part.toolCallId),
    type: 'function',
    function: { name: text(part.toolName), arguments: toText(part.input ?? part.args ?? {}) },
  };
}

function mapToolPart(part: Fields): Message[] {
  if (part.type === 'tool-approval-response') {
    const decision = part.approved === true ? 'approved' : 'denied';
    const reason = text(part.reason);
    return [
      { role: 'tool', content: reason ? `${decision}: ${reason}` : decision, approval_id: part.approvalId },
    ];
  }
  if (part.type !== 'tool-result' && part.type !== 'tool-error') return [];
  return [
    {
      role: 'tool',
      tool_call_id: text(part.toolCallId) ?? '',
      content: toolOutputText(part.output ?? part.result ?? part.error),
    },
  ];
}

/** The text of a tool result in a prompt: `{ type: 'text' | 'json' | 'error-text' | 'content' | …, value }`. */
export function toolOutputText(output: unknown): string {
  const { type, value, reason } = fields(output);
  switch (type) {
    case 'text':
    case 'error-text':
    case 'json':
    case 'error-json':
      return toText(value);
    case 'execution-denied':
      return reason === undefined ? 'execution denied' : `execution denied: ${toText(reason)}`;
    case 'content':
      return toJson(
        list(value).map((part) =>
          isFields(part) && part.type !== 'text' && part.data !== undefined ? mapFile(part) : part,
        ),
      );
    default:
      return toText(output);
  }
}

/** What the user asked last, and under which instructions. */
export function promptOf(
  messages: readonly Message[],
): { user_prompt: string; system_prompt?: string } | undefined {
  const asked = messages.findLast(({ role }) => role === 'user');
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => textOf(content));
  if (!asked && system.length === 0) return undefined;
  return {
    user_prompt: asked ? textOf(asked.content) : '',
    ...(system.length > 0 ? { system_prompt: system.join('\n\n') } : {}),
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return list(content)
    .map((part) => {
      const { type, text: words, file } = fields(part);
      const { filename, media_type } = fields(file);
      return type === 'text' ? words : `[${text(filename) ?? text(media_type) ?? text(type) ?? 'file'}]`;
    })
    .join('\n');
}
