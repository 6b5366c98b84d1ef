import { contentText, fieldsOf, readContent, roleOf } from './map-messages.js';
import { type Bag, bag, list, readable, text } from './reading.js';

/** A tool's answer as a message: the result of a call, or the reason why it was never made. */
export interface ToolAnswer {
  id: string | undefined;
  name: string | undefined;
  failed: boolean;
  /** As it goes to the model. */
  result: unknown;
  words: string;
}

export function readToolMessage(value: unknown): ToolAnswer | undefined {
  return readable(() => {
    if (roleOf(value) !== 'tool') return undefined;
    const fields: Bag = fieldsOf(value);
    return {
      id: text(fields.tool_call_id),
      name: text(fields.name),
      failed: fields.status === 'error',
      result: readContent(fields.content),
      words: contentText(fields.content),
    };
  });
}

/** Further down no node of LangGraph's puts its messages. */
const MAX_DEPTH = 4;

/**
 * The tool messages in what a node gave back: messages, `{ messages }`, Commands and lists of these. LangGraph's tool node
 * answers calls of unknown tools and calls with arguments that do not fit without ever starting a tool.
 */
export function toolMessagesIn(outputs: unknown, depth = MAX_DEPTH): ToolAnswer[] {
  if (typeof outputs !== 'object' || outputs === null || depth === 0) return [];
  if (Array.isArray(outputs)) return outputs.flatMap((entry) => toolMessagesIn(entry, depth - 1));
  const own = readToolMessage(outputs);
  if (own) return [own];
  return (
    readable(() => {
      const { messages, update, output } = bag(outputs);
      return [messages, update, output].flatMap((part) => toolMessagesIn(part, depth - 1));
    }) ?? []
  );
}

/** The answer to one call among what its tool gave back, which may be a Command that carries it. */
export const answerTo = (output: unknown, toolCallId: string | undefined): ToolAnswer | undefined => {
  const answers = toolMessagesIn(output);
  return answers.find(({ id }) => id === toolCallId) ?? (answers.length === 1 ? answers[0] : undefined);
};

/** Calls that a message asks for. */
export function requestedCalls(message: unknown): { id: string; name: string; args: unknown }[] {
  return list(fieldsOf(message).tool_calls).flatMap((value) => {
    const { id, name, args } = bag(value);
    return typeof id === 'string' && id !== '' ? [{ id, name: text(name) ?? '', args }] : [];
  });
}
