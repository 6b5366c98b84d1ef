import { messageOf } from '@observatory/core/recorder';
import { findInvocation, finish, type Invocation, takeWaiting } from './invocation.js';
import { isGraph, isHidden } from './map-metadata.js';
import { isBubbleUp, readFailure } from './map-outcome.js';
import { isCommand, readPrompt, readResponse, resumeValue } from './map-prompt.js';
import { bag, list, text } from './reading.js';
import { type RunBook, record } from './run-book.js';
import { enter, isRoot, type Start } from './start.js';
import { toolMessagesIn } from './tool-messages.js';

/** Pieces of a chain that do nothing of interest when they are called by themselves. */
const PIECES = new Set(['prompt', 'parser']);

/** A chain, graph or node starts. It is no record of its own, unless it is a root or a sub-agent. */
export function startChain(start: Start, inputs: unknown, runType: unknown): void {
  enter(start, 'chain', {
    prompt: () => readPrompt(inputs),
    agent: isGraph(start.serialized),
    lazy:
      PIECES.has(String(runType)) || isHidden(start.tags) || (start.name?.endsWith('UpdateState') ?? false),
    resumed: (thread) => resumed(start, inputs, thread),
  });
}

/** The run that waits for what a person has answered now. Static breakpoints go on without an input. */
function resumed(start: Start, inputs: unknown, thread: string | undefined): RunBook | undefined {
  if (thread === undefined || !isGraph(start.serialized)) return undefined;
  const book = takeWaiting(thread);
  // Another input on the same thread gives the question up.
  if (!book || !(isCommand(inputs) || isNoInput(inputs))) return undefined;
  book.resume(start.id, resumeValue(inputs));
  return book;
}

/** LangChain hands chains an object: no input arrives as `{ input: null }` or as an empty one. */
function isNoInput(inputs: unknown): boolean {
  if (inputs === undefined || inputs === null) return true;
  const { input, ...others } = bag(inputs);
  return !Array.isArray(inputs) && (input ?? null) === null && Object.keys(others).length === 0;
}

export function endChain(id: string, outputs: unknown): void {
  const invocation = finish(id);
  if (!invocation) return;
  const { book } = invocation;
  if (book.awaitsTools) inferFailedCalls(invocation, outputs);
  if (!isRoot(invocation)) return;
  if (book.interrupt) endInterrupted(book);
  else book.end({ response: readResponse(outputs) });
}

export function failChain(id: string, error: unknown): void {
  const invocation = finish(id);
  if (!invocation) return;
  const { book } = invocation;
  const failure = readFailure(error);
  if (!isRoot(invocation)) {
    if (invocation.parent === book.rootId) {
      if (failure.outcome === 'interrupted') book.interrupt ??= { questions: questionsIn(error) };
      else if (!isBubbleUp(error)) book.failure = failure;
    }
    return;
  }
  if (failure.outcome === 'interrupted') {
    book.interrupt ??= { questions: questionsIn(error) };
    endInterrupted(book);
    return;
  }
  // A graph that is stopped by its own time-out, or by another node's error, only says `Abort`.
  const cause = failure.outcome === 'cancelled' && book.failure ? book.failure : failure;
  book.end({ outcome: cause.outcome, ...(cause.error === undefined ? {} : { error: cause.error }) });
}

function endInterrupted(book: RunBook): void {
  if (book.interrupt) book.interrupted(book.interrupt);
  book.end({ outcome: 'interrupted' });
  book.park?.();
}

function questionsIn(error: unknown): unknown[] {
  return list(bag(error).interrupts).map((interrupt) => bag(interrupt).value);
}

/** Calls that a tool node answered with an error without starting a tool: unknown tools, arguments that do not fit. */
function inferFailedCalls({ book }: Invocation, outputs: unknown): void {
  for (const answer of toolMessagesIn(outputs)) {
    if (answer.id === undefined || !answer.failed) continue;
    const request = book.take(answer.id);
    if (!request) continue;
    const call = record.startToolCall(book.run, {
      toolCallId: answer.id,
      name: answer.name ?? request.name,
      args: request.args,
      step: request.step,
      metadata: { inferred: true },
    });
    record.endToolCall(call, { result: answer.result, outcome: 'error', error: messageOf(answer.words) });
  }
}

/** LangGraph stopped to ask a person, or at a breakpoint. */
export function interrupted(event: unknown): void {
  const { runId, interrupts, checkpointId } = bag(event);
  const invocation = findInvocation(text(runId));
  if (!invocation) return;
  invocation.book.interrupted({
    questions: list(interrupts).map((interrupt) => bag(interrupt).value),
    checkpointId: text(checkpointId),
  });
}

/** LangGraph goes on from a checkpoint. Where the first leg ran elsewhere, the id of the checkpoint links the two. */
export function resumedFrom(event: unknown): void {
  const { runId, checkpointId } = bag(event);
  const invocation = findInvocation(text(runId));
  if (!invocation || !isRoot(invocation) || text(checkpointId) === undefined) return;
  record.amendRun(invocation.book.run, { metadata: { resumed_from: checkpointId } });
}
