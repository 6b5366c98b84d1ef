import type { Message, StepFields } from '@observatory/core/recorder';
import { type Answer, emptyAnswer, type HostedCall, type Mapping, type RequestedCall } from './answer.js';
import { withoutBinary } from './binary.js';
import { text } from './map-chat.js';
import { type Bag, isBag } from './own-data.js';
import type { RequestBody } from './request-body.js';
import { ResponseEvents } from './response-events.js';
import { usageOf } from './usage.js';

/** Responses: input items and output items as messages; hosted tools as finished tool calls. */
export const responseMapping: Mapping = {
  kind: 'response',
  input: responseInput,
  answer: responseAnswer,
  accumulate: () => new ResponseEvents(),
};

function responseInput(body: RequestBody): StepFields {
  const fields: StepFields = { messages: body.later(inputMessages) };
  if (body.now('tools') !== undefined)
    fields.toolDefinitions = body.later((sent) => (Array.isArray(sent.tools) ? sent.tools : []));
  return fields;
}

export function inputMessages(sent: Bag): Message[] {
  const messages: Message[] = [];
  const instructions = sent.instructions;
  if (typeof instructions === 'string') messages.push({ role: 'system', content: instructions });
  const items = Array.isArray(instructions) ? instructions.slice() : [];
  if (typeof sent.input === 'string') items.push({ role: 'user', content: sent.input });
  else if (Array.isArray(sent.input)) items.push(...sent.input);
  for (const item of withoutBinary(items)) if (isBag(item)) messages.push(itemMessage(item));
  return messages;
}

/**
 * One input or output item as a message. The same item gives the same message whether the model made it or the host sent
 * it back, so that it is stored once.
 */
export function itemMessage(item: Bag): Message {
  const type = text(item.type);
  if (type === undefined || type === 'message') {
    return { role: text(item.role) ?? 'assistant', content: plainContent(item.content) };
  }
  if (type === 'function_call' || type === 'custom_tool_call') {
    const id = text(item.call_id) ?? text(item.id) ?? '';
    const name = text(item.name) ?? '';
    return {
      role: 'assistant',
      content: null,
      tool_calls: [
        type === 'function_call'
          ? { id, type: 'function', function: { name, arguments: text(item.arguments) ?? '' } }
          : { id, type: 'custom', custom: { name, input: text(item.input) ?? '' } },
      ],
    };
  }
  if (type.endsWith('_output')) {
    return { role: 'tool', tool_call_id: text(item.call_id) ?? '', content: item.output ?? null };
  }
  if (type === 'reasoning') {
    const { encrypted_content: _, status: __, ...rest } = item;
    return { role: 'assistant', ...rest };
  }
  return { role: 'assistant', ...item };
}

/** Text parts as one string, as chat messages have it; anything else stays a list of parts. */
function plainContent(content: unknown): unknown {
  if (!Array.isArray(content)) return content ?? null;
  const texts: string[] = [];
  for (const part of content) {
    const type = isBag(part) ? part.type : undefined;
    if (type === 'output_text' || type === 'input_text' || type === 'text')
      texts.push(text((part as Bag).text) ?? '');
    else return content;
  }
  return texts.join('\n');
}

export function responseAnswer(value: unknown): Answer {
  const answer = emptyAnswer(true);
  if (!isBag(value)) return answer;
  const items = (Array.isArray(value.output) ? value.output : []).filter(isBag);
  addItems(answer, items);
  describeResponse(answer, value);
  return answer;
}

/** What the response object says about the call as a whole. */
export function describeResponse(answer: Answer, response: Bag): void {
  const model = text(response.model);
  if (model) answer.model = model;
  const id = text(response.id);
  if (id) {
    answer.responseId = id;
    answer.metadata.response_id = id;
  }
  if (text(response.service_tier)) answer.metadata.service_tier = response.service_tier;
  const conversation = isBag(response.conversation) ? text(response.conversation.id) : undefined;
  if (conversation) answer.metadata.conversation_id = conversation;
  const usage = usageOf(response.usage);
  if (usage) {
    answer.tokens = usage.tokens;
    if (usage.cost !== undefined) answer.cost = usage.cost;
    Object.assign(answer.metadata, usage.metadata);
  }
  settle(answer, response);
}

function settle(answer: Answer, response: Bag): void {
  const status = text(response.status);
  if (status === 'failed') {
    const error = isBag(response.error) ? response.error : {};
    answer.outcome = 'error';
    answer.error =
      text(error.message) ?? text(error.code) ?? 'The provider reported that the response failed.';
    if (text(error.code)) answer.metadata.error_code = error.code;
    answer.finishReason = 'failed';
  } else if (status === 'incomplete') {
    const details = isBag(response.incomplete_details) ? response.incomplete_details : {};
    answer.outcome = 'incomplete';
    answer.finishReason = text(details.reason) ?? 'incomplete';
    answer.error = `The response is incomplete: ${answer.finishReason}.`;
  } else if (status === 'cancelled') {
    answer.outcome = 'cancelled';
    answer.finishReason = 'cancelled';
  } else if (status === 'queued' || status === 'in_progress') {
    answer.pending = true;
  } else if (status === 'completed') {
    answer.finishReason = answer.calls.length > 0 ? 'tool_calls' : 'stop';
  }
}

/** Sorts output items into messages, calls the host will run, and calls the provider has run. */
export function addItems(answer: Answer, items: Bag[]): void {
  const output: Message[] = [];
  const texts: string[] = [];
  for (const item of items) {
    const clean = withoutBinary(item);
    const message = itemMessage(clean);
    output.push(message);
    if (item.type === 'message') {
      const said = typeof message.content === 'string' ? text(message.content) : refusalOf(message.content);
      if (said) texts.push(said);
    }
    const requested = requestedOf(clean, items);
    if (requested) answer.calls.push(requested);
    else {
      const hosted = hostedOf(clean, items);
      if (hosted) answer.hosted.push(hosted);
    }
  }
  answer.output = output;
  if (texts.length > 0) answer.text = texts.join('\n');
}

function refusalOf(content: unknown): string | undefined {
  if (!Array.isArray(content)) return undefined;
  const parts = content.flatMap((part) => (isBag(part) ? (text(part.text) ?? text(part.refusal) ?? []) : []));
  return parts.length > 0 ? parts.join('\n') : undefined;
}

const answered = (item: Bag, items: Bag[]) =>
  items.find((other) => other !== item && other.call_id === item.call_id && isOutput(other));

export const isOutput = (item: Bag) => typeof item.type === 'string' && item.type.endsWith('_output');

/** Arguments of the calls that have them in a member of their own. */
const ARGUMENTS = ['arguments', 'input', 'action', 'actions', 'operation', 'code', 'queries'] as const;

function argumentsOf(item: Bag): unknown {
  for (const member of ARGUMENTS)
    if (item[member] !== undefined && item[member] !== null) return item[member];
  return undefined;
}

/** `web_search_call` → `web_search`. */
const toolName = (type: string) => type.replace(/_call$/, '');

/** Calls with a `call_id` wait for the host, unless the provider's answer is in the same output. */
function requestedOf(item: Bag, items: Bag[]): RequestedCall | undefined {
  const type = text(item.type);
  if (!type?.endsWith('_call') || item.call_id === undefined || answered(item, items)) return undefined;
  const args = argumentsOf(item);
  return {
    id: text(item.call_id),
    name: text(item.name) ?? toolName(type),
    args:
      args === undefined || typeof args === 'string' ? (args as string | undefined) : JSON.stringify(args),
    kind: type === 'function_call' ? undefined : toolName(type),
  };
}

function hostedOf(item: Bag, items: Bag[]): HostedCall | undefined {
  const type = text(item.type);
  if (!type?.endsWith('_call')) return undefined;
  const error = isBag(item.error)
    ? (text(item.error.message) ?? JSON.stringify(item.error))
    : text(item.error);
  const output = item.call_id === undefined ? undefined : answered(item, items)?.output;
  return {
    id: text(item.id) ?? text(item.call_id),
    name: text(item.name) ?? toolName(type),
    kind: type === 'mcp_call' ? 'mcp' : type === 'file_search_call' ? 'retrieval' : 'hosted',
    args: argumentsOf(item) ?? (text(item.revised_prompt) ? { prompt: item.revised_prompt } : undefined),
    result: item.output ?? item.results ?? item.outputs ?? item.result ?? output,
    error: error ?? (item.status === 'failed' ? 'The provider reported that this call failed.' : undefined),
  };
}
