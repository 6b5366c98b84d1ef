import type { Message, StepFields } from '@observatory/core/recorder';
import { type Answer, emptyAnswer, type Mapping, type RequestedCall } from './answer.js';
import { withoutBinary } from './binary.js';
import { ChatStream } from './chat-stream.js';
import { type Bag, isBag, ownData } from './own-data.js';
import type { RequestBody } from './request-body.js';
import { usageOf } from './usage.js';

/** Chat Completions: the request's messages are the step's, the choices' messages its output. */
export const chatMapping: Mapping = {
  kind: 'chat',
  input: chatInput,
  answer: chatAnswer,
  accumulate: () => new ChatStream(),
};

function chatInput(body: RequestBody): StepFields {
  const fields: StepFields = {
    messages: body.later((sent) =>
      Array.isArray(sent.messages) ? (withoutBinary(sent.messages) as Message[]) : [],
    ),
  };
  if (body.now('tools') !== undefined || body.now('functions') !== undefined)
    fields.toolDefinitions = body.later((sent) => definitions(sent));
  return fields;
}

function definitions(sent: Bag): unknown[] {
  return [...list(sent.tools), ...list(sent.functions)];
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function chatAnswer(value: unknown): Answer {
  const answer = emptyAnswer(true);
  if (!isBag(value)) return answer;
  describeCompletion(answer, value);
  const output: Message[] = [];
  const reasons: string[] = [];
  for (const choice of list(value.choices)) {
    if (!isBag(choice)) continue;
    const reason = text(choice.finish_reason);
    if (reason && !reasons.includes(reason)) reasons.push(reason);
    if (!isBag(choice.message)) continue;
    const message = withoutBinary(choice.message) as Message;
    output.push(message);
    answer.calls.push(...requestedCalls(message));
    answer.text ??= messageText(message);
  }
  answer.output = output;
  answer.finishReason = reasons.join(', ') || undefined;
  return answer;
}

/** What an answer or a chunk says about the call as a whole. */
export function describeCompletion(answer: Answer, value: Bag): void {
  const model = text(value.model);
  if (model) answer.model = model;
  const id = text(value.id);
  if (id) answer.metadata.response_id = id;
  if (text(value.system_fingerprint)) answer.metadata.system_fingerprint = value.system_fingerprint;
  if (text(value.service_tier)) answer.metadata.service_tier = value.service_tier;
  // Groq's streams carry usage in a member of their own; usage on every chunk is cumulative, so the last one counts.
  const groq = isBag(value.x_groq) ? value.x_groq.usage : undefined;
  const usage = usageOf(value.usage ?? groq);
  if (!usage) return;
  answer.tokens = usage.tokens;
  if (usage.cost !== undefined) answer.cost = usage.cost;
  Object.assign(answer.metadata, usage.metadata);
}

export function requestedCalls(message: Message): RequestedCall[] {
  const calls: RequestedCall[] = [];
  for (const call of list(message.tool_calls)) {
    if (!isBag(call)) continue;
    const target = isBag(call.function) ? call.function : isBag(call.custom) ? call.custom : {};
    calls.push({
      id: text(call.id),
      name: text(target.name),
      args: typeof target.arguments === 'string' ? target.arguments : text(target.input),
      kind: call.type === 'custom' ? 'custom' : undefined,
    });
  }
  const legacy = message.function_call;
  if (isBag(legacy)) calls.push({ name: text(legacy.name), args: text(legacy.arguments) });
  return calls;
}

export function messageText(message: Message): string | undefined {
  const audio = isBag(message.audio) ? text(message.audio.transcript) : undefined;
  return contentText(message.content) ?? text(message.refusal) ?? audio;
}

/** The text of a message's content: a string, or the text parts of a list. */
export function contentText(content: unknown): string | undefined {
  if (typeof content === 'string') return text(content);
  if (!Array.isArray(content)) return undefined;
  const parts = content.flatMap(
    (part) => text(ownData(part, 'text')) ?? text(ownData(part, 'refusal')) ?? [],
  );
  return parts.length > 0 ? parts.join('\n') : undefined;
}
