import type { Recorder, Run, Step, StepFields } from '@observatory/core/recorder';
import type { Answer } from './answer.js';

/** What only the transport knows of a call. Times in milliseconds since the call began. */
export interface CallFacts {
  kind: string;
  model: string | undefined;
  requestId: string | undefined;
  attempts: number;
  headersAfter: number | undefined;
  firstTokenAfter: number | undefined;
  streamed: boolean;
}

export function transportMetadata(facts: CallFacts): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  if (facts.requestId !== undefined) metadata.request_id = facts.requestId;
  if (facts.attempts > 0) metadata.attempts = facts.attempts;
  if (facts.headersAfter !== undefined) metadata.time_to_headers_ms = Math.round(facts.headersAfter);
  return metadata;
}

/** An answer, and how it came, as a step's fields. */
export function answerFields(answer: Answer, facts: CallFacts): StepFields {
  const metadata = transportMetadata(facts);
  Object.assign(metadata, answer.metadata);
  if (facts.streamed) metadata.stream = true;
  // Unknown is not nought: streams carry no usage unless the host asked for it, and nothing here changes the request.
  if (answer.countsTokens && !answer.tokens && !answer.pending) metadata.usage = 'missing';
  return {
    kind: facts.kind,
    metadata,
    model: { requested: facts.model, used: answer.model },
    output: answer.output && answer.output.length > 0 ? answer.output : undefined,
    finishReason: answer.finishReason,
    tokens: answer.tokens,
    cost: answer.cost,
    timeToFirstTokenMs: facts.firstTokenAfter,
  };
}

/** Tools the provider ran by itself, as finished tool calls of the step. */
export function recordHosted(
  recorder: Recorder,
  run: Run,
  step: Step,
  answer: Answer,
  startTime: number,
): void {
  for (const call of answer.hosted) {
    const { id: toolCallId, name, kind, args } = call;
    const toolCall = recorder.startToolCall(run, {
      toolCallId,
      name,
      kind,
      args,
      step,
      startTime: call.startTime ?? startTime,
    });
    recorder.endToolCall(toolCall, { result: call.result, error: call.error, endTime: call.endTime });
  }
}
