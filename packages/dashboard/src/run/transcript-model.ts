import type { RunDetail, StepBody, ToolCallBody } from '@observatory/collector/api';
import type { Message } from '@observatory/core/wire';

/** One thing of a run, where it stands in time. */
export type Entry =
  | { kind: 'step'; spot: string; start: string; step: StepBody; number: number; context: StepContext }
  | { kind: 'tool'; spot: string; start: string; call: ToolCallBody; nested: RunDetail[] }
  | { kind: 'run'; spot: string; start: string; detail: RunDetail };

export type ToolEntry = Extract<Entry, { kind: 'tool' }>;

/** What a step was sent, told apart from what earlier steps were already sent. */
export interface StepContext {
  /** Messages sent; 0 when the step carries its prompt as text only. */
  sent: number;
  /** Sent by an earlier step of the run as well. */
  unchanged: number;
  /** New to the model but on the page already: tool results and the model's own last answer. */
  above: number;
  /** Turns of the conversation before this run. */
  earlier: number;
  /** New, and shown here. */
  fresh: Message[];
  /** The prompt as text, without what the run's prompt or the step before already shows. */
  freshPrompt?: { text: string; unchangedChars: number };
}

/** Everything of a run in time order: a nested run stands under the tool call that started it, else by itself. */
export function entriesOf(detail: RunDetail): Entry[] {
  const nestedUnder = new Map<string, RunDetail[]>();
  const entries: Entry[] = [];
  const calls = new Set(detail.tool_calls.map((call) => call.tool_call_id));
  for (const nested of detail.runs) {
    const call = nested.run.parent_tool_call_id;
    if (call !== undefined && calls.has(call))
      nestedUnder.set(call, [...(nestedUnder.get(call) ?? []), nested]);
    else
      entries.push({
        kind: 'run',
        spot: `run:${nested.run.run_id}`,
        start: nested.run.start_time,
        detail: nested,
      });
  }
  for (const call of detail.tool_calls) {
    entries.push({
      kind: 'tool',
      spot: `tool:${call.tool_call_id}`,
      start: call.start_time,
      call,
      nested: nestedUnder.get(call.tool_call_id) ?? [],
    });
  }
  const contexts = stepContexts(detail);
  for (const [index, step] of detail.steps.entries()) {
    entries.push({
      kind: 'step',
      spot: `step:${step.step_id}`,
      start: step.start_time,
      step,
      number: index + 1,
      context: contexts[index]!,
    });
  }
  // A step comes before what it asked for, also when both carry the same time.
  const order = { step: 0, tool: 1, run: 2 };
  return entries.sort((a, b) => Date.parse(a.start) - Date.parse(b.start) || order[a.kind] - order[b.kind]);
}

/** Neighbouring tool calls of the same step together, everything else alone. */
export function groupsOf(entries: Entry[]): Entry[][] {
  const groups: Entry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1)?.[0];
    if (entry.kind === 'tool' && last?.kind === 'tool' && last.call.step_id === entry.call.step_id)
      groups.at(-1)!.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

/** Whether some of the calls ran at the same time. */
export function overlap(calls: ToolEntry[]): boolean {
  return calls.some(({ call }, index) => {
    const before = calls[index - 1]?.call;
    return (
      before !== undefined &&
      (before.end_time === undefined || Date.parse(call.start_time) < Date.parse(before.end_time))
    );
  });
}

function stepContexts(detail: RunDetail): StepContext[] {
  const seen = new Set<string>();
  const calls = new Set(detail.tool_calls.map((call) => call.tool_call_id));
  let answered: string[] = [];
  let lastPrompt = '';
  return detail.steps.map((step) => {
    const messages = step.messages ?? [];
    const keys = messages.map((message, index) => step.message_hashes?.[index] ?? JSON.stringify(message));
    const fresh: Message[] = [];
    let unchanged = 0;
    let above = 0;
    let earlier = 0;
    const ownPrompt =
      seen.size === 0 ? messages.findLastIndex((message) => isOwnPrompt(message, detail)) : -1;
    for (const [index, message] of messages.entries()) {
      const key = keys[index]!;
      if (seen.has(key)) unchanged++;
      else if (shownAbove(message, detail, calls, answered)) above++;
      else if (index < ownPrompt && CONVERSATION.has(message.role)) earlier++;
      else fresh.push(message);
      seen.add(key);
    }
    answered = [...answered, ...answersOf(step)];
    const context: StepContext = { sent: messages.length, unchanged, above, earlier, fresh };
    if (messages.length === 0 && step.prompt) {
      const unchangedChars = step.prompt.startsWith(lastPrompt) ? lastPrompt.length : 0;
      const text = step.prompt.slice(unchangedChars);
      if (text.trim() !== '' && text !== detail.run.user_prompt)
        context.freshPrompt = { text, unchangedChars };
      lastPrompt = step.prompt;
    }
    return context;
  });
}

function shownAbove(message: Message, detail: RunDetail, calls: Set<string>, answered: string[]): boolean {
  const text = textOf(message);
  if (message.role === 'tool') return message.tool_call_id !== undefined && calls.has(message.tool_call_id);
  if (message.role === 'assistant')
    return answered.includes(text) || (text === '' && message.tool_calls !== undefined);
  if (message.role === 'system' || message.role === 'developer') return text === detail.run.system_prompt;
  return isOwnPrompt(message, detail);
}

const CONVERSATION = new Set(['user', 'assistant', 'tool']);

function isOwnPrompt(message: Message, detail: RunDetail): boolean {
  return message.role === 'user' && textOf(message) === detail.run.user_prompt;
}

function answersOf(step: StepBody): string[] {
  const texts = (step.output ?? []).map(textOf);
  return step.response === undefined ? texts : [...texts, step.response];
}

/** The text of a message, whatever shape its content has. */
export function textOf(message: Message): string {
  return partsOf(message)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('');
}

export type MessagePart =
  | { kind: 'text'; text: string }
  /** Not shown, only named: nothing is ever fetched. */
  | { kind: 'media'; name: string; size?: number }
  | { kind: 'json'; value: unknown };

/** A message's content as parts: text, media by name, and anything else as it is. */
export function partsOf(message: Message): MessagePart[] {
  const { content } = message;
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) return [{ kind: 'json', value: content }];
  return content.map(partOf);
}

function partOf(part: unknown): MessagePart {
  if (typeof part === 'string') return { kind: 'text', text: part };
  if (part === null || typeof part !== 'object') return { kind: 'json', value: part };
  const fields = part as Record<string, unknown>;
  if (typeof fields.text === 'string') return { kind: 'text', text: fields.text };
  const type = typeof fields.type === 'string' ? fields.type : '';
  if (/image|audio|video|file|document/.test(type)) {
    const size = longestString(fields);
    return size > 0
      ? { kind: 'media', name: type.replaceAll('_', ' '), size }
      : { kind: 'media', name: type.replaceAll('_', ' ') };
  }
  return { kind: 'json', value: part };
}

function longestString(fields: Record<string, unknown>): number {
  let longest = 0;
  for (const value of Object.values(fields)) {
    if (typeof value === 'string') longest = Math.max(longest, value.length);
    else if (value !== null && typeof value === 'object')
      longest = Math.max(longest, longestString(value as Record<string, unknown>));
  }
  return longest;
}

/** What a step answered: its output messages, else its response as text. */
export function outputOf(step: StepBody): Message[] {
  if (step.output && step.output.length > 0) return step.output;
  return step.response ? [{ role: 'assistant', content: step.response }] : [];
}

/** Every place of a run that can be selected, in reading order, nested runs included. */
export function spotsOf(detail: RunDetail): string[] {
  return entriesOf(detail).flatMap((entry) =>
    entry.kind === 'step'
      ? [entry.spot]
      : entry.kind === 'run'
        ? [entry.spot, ...spotsOf(entry.detail)]
        : [entry.spot, ...entry.nested.flatMap((nested) => [`run:${nested.run.run_id}`, ...spotsOf(nested)])],
  );
}

/** The step or tool call behind a spot, with the run it belongs to. */
export function findSpot(detail: RunDetail, spot: string): { entry: Entry; run: RunDetail } | undefined {
  for (const entry of entriesOf(detail)) {
    if (entry.spot === spot) return { entry, run: detail };
    const nested = entry.kind === 'run' ? [entry.detail] : entry.kind === 'tool' ? entry.nested : [];
    for (const inner of nested) {
      if (`run:${inner.run.run_id}` === spot)
        return { entry: { kind: 'run', spot, start: inner.run.start_time, detail: inner }, run: detail };
      const found = findSpot(inner, spot);
      if (found) return found;
    }
  }
  return undefined;
}
