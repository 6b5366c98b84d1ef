import type { Message } from '@observatory/core/wire';
import { Paperclip } from 'lucide-react';
import { Line } from '../content/captured.js';
import type { JsonValue } from '../content/json-tree.js';
import { JsonView } from '../content/json-view.js';
import { Markdown } from '../content/markdown.js';
import { Payload } from '../content/payload.js';
import { TextBlock } from '../content/text-block.js';
import { formatBytes } from '../format.js';
import { partsOf } from './transcript-model.js';

/** A message with who said it. */
export function MessageView({ message }: { message: Message }) {
  return (
    <div className="min-w-0 border-l-2 border-line pl-3.5">
      <p className="label mb-0.5 flex gap-1.5">
        <Line text={ROLES[message.role] ?? message.role} />
        {message.name !== undefined && <Line text={message.name} className="font-mono" />}
      </p>
      <MessageContent message={message} />
      <RequestedCalls message={message} />
    </div>
  );
}

const ROLES: Record<string, string> = {
  system: 'System',
  developer: 'Developer',
  user: 'User',
  assistant: 'Assistant',
  tool: 'Tool result',
};

/** What a message says, part by part. Only the model's own words are read as Markdown. */
export function MessageContent({ message }: { message: Message }) {
  return partsOf(message).map((part, index) => {
    // biome-ignore-start lint/suspicious/noArrayIndexKey: the parts of one message have no other name
    if (part.kind === 'text') {
      if (message.role === 'assistant') return <Markdown key={index} text={part.text} />;
      return message.role === 'tool' ? (
        <Payload key={index} text={part.text} />
      ) : (
        <TextBlock key={index} text={part.text} />
      );
    }
    if (part.kind === 'media') {
      return (
        <span key={index} className="chip my-1">
          <Paperclip size={12} aria-hidden />
          <Line text={part.name} />
          {part.size !== undefined && formatBytes(part.size)}
        </span>
      );
    }
    return <JsonView key={index} value={part.value as JsonValue} />;
    // biome-ignore-end lint/suspicious/noArrayIndexKey: the parts of one message have no other name
  });
}

/** The tools an earlier assistant message asked for, by name. */
function RequestedCalls({ message }: { message: Message }) {
  if (!Array.isArray(message.tool_calls)) return null;
  const names = message.tool_calls.map((call: unknown) => {
    const { function: fn, name } = (call ?? {}) as { function?: { name?: unknown }; name?: unknown };
    return String(fn?.name ?? name ?? 'tool');
  });
  return (
    <p className="mt-1 flex flex-wrap gap-1.5">
      {names.map((name, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: one message may ask for the same tool twice
        <span key={index} className="chip border-transparent bg-tool-soft font-mono text-tool">
          <Line text={name} />
        </span>
      ))}
    </p>
  );
}
