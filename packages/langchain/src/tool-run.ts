import { messageOf, toText } from '@observatory/core/recorder';
import { findInvocation, finish, type Invocation } from './invocation.js';
import { readDocuments } from './map-documents.js';
import { placeOf } from './map-metadata.js';
import { readFailure } from './map-outcome.js';
import { readResponse } from './map-prompt.js';
import { bag, readable, text } from './reading.js';
import { record } from './run-book.js';
import { enter, isRoot, type Start } from './start.js';
import { answerTo } from './tool-messages.js';

/** A tool starts. `toolCallId` is what the provider called the request, where LangChain passes it on. */
export function startTool(start: Start, input: unknown, toolCallId: unknown): void {
  const args = typeof input === 'string' ? input : toText(input ?? '');
  const invocation = enter(start, 'tool', { prompt: () => ({ user_prompt: args }) });
  if (!invocation) return;
  const { book } = invocation;
  const name = start.name ?? 'tool';
  const id = text(toolCallId) ?? announced(start.parentId, name) ?? book.claim(name, args);
  const request = id === undefined ? undefined : book.take(id);
  const earlier = id === undefined ? undefined : book.execution(id);
  if (earlier?.interrupted) {
    // The second leg of a call that asked a person.
    earlier.interrupted = false;
    invocation.toolCall = earlier.call;
    invocation.providerId = id;
    return;
  }
  const step = request?.step ?? earlier?.step;
  const attempts = (earlier?.attempts ?? 0) + 1;
  const metadata = {
    ...placeOf(start.metadata),
    ...(attempts === 1 ? {} : { attempt: attempts, retry_of: id }),
    ...(invocation.toolCall ? { inside_tool_call_id: invocation.toolCall.toolCallId } : {}),
  };
  const call = record.startToolCall(book.run, {
    toolCallId: id === undefined ? start.id : attempts === 1 ? id : `${id}#${attempts}`,
    name,
    args,
    step,
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
  });
  if (id !== undefined) book.executed(id, { call, name, args, step, attempts, interrupted: false });
  invocation.providerId = id;
  invocation.toolCall = call;
}

/** What an agent of the 0.3 line said it is about to call. */
function announced(parentId: string | undefined, tool: string): string | undefined {
  const actions = findInvocation(parentId)?.actions;
  const index = actions?.findIndex((action) => action.tool === tool) ?? -1;
  return index === -1 ? undefined : actions?.splice(index, 1)[0]?.toolCallId;
}

export function announce(chainId: string, action: unknown): void {
  const { tool, toolCallId } = bag(action);
  const invocation = findInvocation(chainId);
  if (!invocation || typeof tool !== 'string' || typeof toolCallId !== 'string') return;
  invocation.actions ??= [];
  invocation.actions.push({ tool, toolCallId });
}

export function endTool(id: string, output: unknown): void {
  const invocation = finish(id);
  if (!invocation?.toolCall) return;
  const { toolCall, book } = invocation;
  const answer = readable(() => answerTo(output, invocation.providerId));
  const result = answer ? answer.result : output;
  record.endToolCall(toolCall, {
    result,
    ...(answer?.failed ? { outcome: 'error' as const, error: messageOf(answer.words) } : {}),
    ...again(invocation),
  });
  if (isRoot(invocation)) book.end({ response: readResponse(result) });
}

export function failTool(id: string, error: unknown): void {
  const invocation = finish(id);
  if (!invocation?.toolCall) return;
  const { toolCall, book } = invocation;
  const failure = readFailure(error);
  const end = {
    outcome: failure.outcome,
    ...(failure.error === undefined ? {} : { error: failure.error }),
    ...again(invocation),
  };
  record.endToolCall(toolCall, end);
  if (failure.outcome === 'interrupted') {
    const execution = invocation.providerId && book.execution(invocation.providerId);
    if (execution) execution.interrupted = true;
  }
  if (isRoot(invocation)) book.end(end);
}

/** A call that ended before, waiting for a person, gets its real end. */
const again = ({ toolCall }: Invocation): { endTime?: number } =>
  toolCall && !record.isOpen(toolCall) ? { endTime: Date.now() } : {};

/** A retriever is a tool call of its own kind, unless a tool is nothing but its wrapping. */
export function startRetrieval(start: Start, query: unknown): void {
  const invocation = enter(start, 'retrieval', { prompt: () => ({ user_prompt: toText(query ?? '') }) });
  if (!invocation) return;
  if (findInvocation(start.parentId)?.kind === 'tool') return;
  const metadata = placeOf(start.metadata);
  invocation.toolCall = record.startToolCall(invocation.book.run, {
    toolCallId: start.id,
    name: start.name ?? 'retriever',
    kind: 'retrieval',
    args: toText(query ?? ''),
    metadata: invocation.toolCall
      ? { ...metadata, inside_tool_call_id: invocation.toolCall.toolCallId }
      : metadata,
  });
}

export function endRetrieval(id: string, documents: unknown): void {
  const invocation = finish(id);
  if (!invocation?.toolCall) return;
  const { toolCall, book } = invocation;
  const { found, result } = readDocuments(documents);
  const metadata = { documents: found };
  if (toolCall.toolCallId === id) record.endToolCall(toolCall, { result, metadata });
  else record.amendToolCall(toolCall, { kind: 'retrieval', metadata });
  if (isRoot(invocation)) book.end({ response: toText(result) });
}

export function failRetrieval(id: string, error: unknown): void {
  const invocation = finish(id);
  if (!invocation?.toolCall) return;
  const { toolCall, book } = invocation;
  const { outcome, error: cause } = readFailure(error);
  const end = { outcome, ...(cause === undefined ? {} : { error: cause }) };
  if (toolCall.toolCallId === id) record.endToolCall(toolCall, end);
  if (isRoot(invocation)) book.end(end);
}

export function abandonTool(invocation: Invocation): void {
  const { toolCall, id, kind } = invocation;
  if (toolCall && (kind === 'tool' || toolCall.toolCallId === id)) {
    record.endToolCall(toolCall, { outcome: 'abandoned' });
  }
}
