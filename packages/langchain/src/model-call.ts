import type { Message, StepFields } from '@observatory/core/recorder';
import { findInvocation, finish, type Invocation, isOpen, keepPartial } from './invocation.js';
import { readMessage, readMessages } from './map-messages.js';
import { attemptOf, placeOf } from './map-metadata.js';
import { readAnswer, readRequest } from './map-model.js';
import { brokeOff, readFailure } from './map-outcome.js';
import { readPrompt, readResponse } from './map-prompt.js';
import { readUsage } from './map-usage.js';
import { enterModelCall, outerStep } from './model-scope.js';
import { bag, list, readable, text } from './reading.js';
import { record } from './run-book.js';
import { enter, isRoot, type Start } from './start.js';
import { requestedCalls } from './tool-messages.js';

/** A chat model gets `messages`, a text model `[prompt]`. One attempt is one step. */
export function startModel(start: Start, prompts: unknown, extraParams: unknown): void {
  const outer = outerStep();
  const prompt = list(prompts)[0];
  const input = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : readMessages(prompt);
  const invocation = enter(start, 'model', { prompt: () => readPrompt(prompt) });
  if (!invocation) return;
  invocation.stream = {
    startedAt: performance.now(),
    firstTokenMs: undefined,
    candidateMs: undefined,
    words: '',
  };
  if (outer) return;
  const request = readRequest(start.serialized, extraParams, start.metadata);
  const attempt = attemptOf(start.tags);
  const step = record.startStep(invocation.book.run, {
    stepId: start.id,
    kind: typeof prompt === 'string' ? 'completion' : 'chat',
    model: { requested: request.requested },
    provider: request.provider,
    messages: input,
    toolDefinitions: request.toolDefinitions,
    parameters: request.parameters,
    metadata: {
      ...invocation.place,
      ...placeOf(start.metadata),
      ...(attempt === undefined ? {} : { attempt }),
      ...(invocation.toolCall ? { tool_call_id: invocation.toolCall.toolCallId } : {}),
    },
  });
  invocation.step = step;
  const save = () => record.amendStep(step, partialFields(invocation));
  const unwatch = watchSignal(start.id, bag(bag(extraParams).options).signal);
  invocation.book.streams.add(save);
  invocation.release = () => {
    invocation.book.streams.delete(save);
    unwatch?.();
  };
  enterModelCall({ run: invocation.book.run, step, toolCall: invocation.toolCall });
}

/** So long a call may take to report that it was aborted. */
const ABORT_REPORT_MS = 1_000;

/** An aborted stream may end without any callback (on Node 20 it does): then its signal is what tells. */
function watchSignal(id: string, signal: unknown): (() => void) | undefined {
  const target = signal as AbortSignal | undefined;
  if (typeof target?.addEventListener !== 'function' || target.aborted) return undefined;
  const aborted = () => {
    const timer = setTimeout(() => isOpen(id) && failModel(id, target.reason), ABORT_REPORT_MS);
    (timer as { unref?: () => void }).unref?.();
  };
  target.addEventListener('abort', aborted, { once: true });
  return () => target.removeEventListener('abort', aborted);
}

/** Called for every chunk, so it does next to nothing. The first chunks are often empty. */
export function addToken(id: string, token: unknown, fields: unknown): void {
  const invocation = findInvocation(id);
  const stream = invocation?.stream;
  if (!invocation || !stream) return;
  const words = typeof token === 'string' ? token : '';
  invocation.book.touchedAt = performance.now();
  if (stream.firstTokenMs === undefined) noteFirstToken(stream, words, fields, invocation.book.touchedAt);
  if (words !== '') keepPartial(stream, words);
}

function noteFirstToken(
  stream: NonNullable<Invocation['stream']>,
  words: string,
  fields: unknown,
  now: number,
): void {
  const chunk = bag(fields).chunk;
  if (words === '' && !hasContent(chunk)) return;
  const after = now - stream.startedAt;
  if (chunk !== undefined) stream.firstTokenMs = stream.candidateMs ?? after;
  // One text without a chunk is a whole answer, e.g. from a cache. With a second one it was the first token.
  else if (stream.candidateMs === undefined) stream.candidateMs = after;
  else stream.firstTokenMs = stream.candidateMs;
}

/** Reasoning and the beginning of a tool call count, the announcement of a role does not. */
function hasContent(chunk: unknown): boolean {
  const message = bag(bag(chunk).message);
  if (list(message.tool_call_chunks).length > 0 || text(bag(message.additional_kwargs).reasoning_content))
    return true;
  return list(message.content).some((block) => {
    const { text: words, thinking, reasoning, input } = bag(block);
    return Boolean(text(words) ?? text(thinking) ?? text(reasoning) ?? text(input));
  });
}

/** The events that newer versions send instead of tokens when another handler asks for them. */
export function addStreamEvent(id: string, event: unknown): void {
  const { event: type, delta } = bag(event);
  const stream = findInvocation(id)?.stream;
  if (type !== 'content-block-delta' || !stream) return;
  stream.firstTokenMs ??= performance.now() - stream.startedAt;
  const words = text(bag(delta).text);
  if (words !== undefined) keepPartial(stream, words);
}

export function endModel(id: string, result: unknown, extra: unknown): void {
  const invocation = finish(id);
  if (!invocation) return;
  const { generations, llmOutput } = bag(result);
  const answers = list(list(generations)[0]);
  const first = bag(answers[0]);
  const { step, book } = invocation;
  if (step) {
    const fields = readable(() => answerFields(answers, llmOutput, extra)) ?? {};
    const empty = answers.length > 0 && answers[0] === undefined;
    record.endStep(step, {
      ...fields,
      ...partialTime(invocation),
      ...(empty ? { outcome: 'incomplete' as const, error: 'The model answered with an empty stream.' } : {}),
    });
    for (const answer of answers) {
      for (const call of readable(() => requestedCalls(bag(answer).message)) ?? []) {
        book.requested(call.id, { step, name: call.name, args: call.args });
      }
    }
  }
  if (isRoot(invocation)) book.end({ response: readResponse(first.message ?? first.text) });
}

function answerFields(answers: readonly unknown[], llmOutput: unknown, extra: unknown): StepFields {
  const first = bag(answers[0]);
  const answer = readAnswer(first.message, first.generationInfo, llmOutput);
  const usage = readUsage(first.message, llmOutput);
  const cached = bag(extra).cached === true;
  const output = answers.flatMap((value): Message[] => {
    const { message, text: words } = bag(value);
    const read = message === undefined ? undefined : readMessage(message);
    if (read) return [read];
    return typeof words === 'string' ? [{ role: 'assistant', content: words }] : [];
  });
  return {
    output,
    model: { used: answer.used },
    provider: answer.provider,
    finishReason: answer.finishReason,
    tokens: cached ? undefined : usage?.tokens,
    metadata: {
      ...(answer.responseId === undefined ? {} : { response_id: answer.responseId }),
      ...(cached ? { cached: true } : {}),
      ...(usage?.estimated && !cached ? { usage: 'estimated' } : {}),
    },
  };
}

const partialTime = ({ stream }: Invocation): StepFields =>
  stream?.firstTokenMs === undefined ? {} : { timeToFirstTokenMs: stream.firstTokenMs };

/** What a stream had brought when it broke off. */
const partialFields = (invocation: Invocation): StepFields => ({
  ...partialTime(invocation),
  ...(invocation.stream?.words ? { output: [{ role: 'assistant', content: invocation.stream.words }] } : {}),
});

export function failModel(id: string, error: unknown): void {
  const invocation = finish(id);
  if (!invocation) return;
  const failure = readFailure(error);
  if (brokeOff(error) && invocation.stream?.words) failure.outcome = 'incomplete';
  const end = {
    outcome: failure.outcome,
    ...(failure.error === undefined ? {} : { error: failure.error }),
  };
  if (invocation.step) record.endStep(invocation.step, { ...partialFields(invocation), ...end });
  if (isRoot(invocation)) invocation.book.end(end);
}

/** Nobody ended it: a stream that its reader left sends no end. */
export function abandonModel(invocation: Invocation): void {
  if (invocation.step) {
    record.endStep(invocation.step, { ...partialFields(invocation), outcome: 'abandoned' });
  }
}
