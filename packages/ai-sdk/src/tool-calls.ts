import { messageOf, type Run, type Scope, type Step, type ToolCall } from '@observatory/core/recorder';
import { errorText, outcomeOf } from './map-error.js';
import { type Fields, fields, list, text } from './plain.js';
import { record } from './record.js';

interface Entry {
  readonly call: ToolCall;
  /** The step that asked for it; none when an approval of an earlier run is carried out. */
  readonly step: Step | undefined;
  open: boolean;
  running?: boolean;
  /** When it was executed, where its result is told later. */
  executedAt?: Date | undefined;
  /** Who has to act before it can go on. */
  waitsFor?: 'approval' | 'client' | undefined;
}

/** What may be recorded. */
export interface Privacy {
  readonly inputs: boolean;
  readonly outputs: boolean;
}

/** Ids that a run has seen: some models count their calls from 0 in every answer. */
const idsOfRuns = new WeakMap<Run, Map<string, number>>();

/** The tool calls of one call of the SDK, executed or not, by the ids the model gave them. */
export class ToolCalls {
  readonly #run: Run;
  readonly #privacy: Privacy;
  /** How many are being executed. */
  running = 0;
  /** The newest of each id. */
  readonly #entries = new Map<string, Entry>();

  constructor(run: Run, privacy: Privacy) {
    this.#run = run;
    this.#privacy = privacy;
  }

  /** A tool is about to be executed. */
  start(part: Fields, step: Step | undefined): void {
    const id = text(part.toolCallId) ?? '';
    const known = this.#entries.get(id);
    const entry = known?.open && known.step === step ? known : this.#open(id, part, step);
    entry.waitsFor = undefined;
    entry.running = true;
    this.running++;
  }

  /** What runs inside the tool belongs to it. */
  scope(id: unknown): Scope | undefined {
    const entry = this.#entries.get(text(id) ?? '');
    return entry && { run: this.#run, toolCall: entry.call };
  }

  /** It was executed. Also comes late, after its run was aborted. */
  end(output: Fields): void {
    const entry = this.#entries.get(text(output.toolCallId) ?? '');
    if (!entry) return;
    this.#stopped(entry);
    if (output.type === 'tool-error' || (output.type !== 'tool-result' && 'error' in output)) {
      this.#fail(entry, output.error);
    } else this.#succeed(entry, output.output ?? output.result);
  }

  /** It was executed; how it went stands in the content of the step. */
  executed(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#stopped(entry);
    entry.executedAt = new Date();
  }

  #stopped(entry: Entry): void {
    if (entry.running) this.running--;
    entry.running = false;
  }

  /**
   * What the content of a finished step says about calls that nobody executed here: those of the provider's own tools, whose
   * results may come steps later, unknown tools and bad arguments, tools of the client, approvals and denials.
   */
  reconcile(content: unknown, step: Step): void {
    const parts = list(content).map(fields);
    for (const part of parts) {
      if (part.type === 'tool-call') this.#asked(part, step, parts);
    }
    for (const part of parts) {
      const id = text(part.toolCallId) ?? text(fields(part.toolCall).toolCallId) ?? '';
      const entry = this.#entries.get(id);
      if (!entry) continue;
      switch (part.type) {
        case 'tool-result':
          if (entry.open && part.preliminary !== true) this.#succeed(entry, part.output ?? part.result);
          break;
        case 'tool-error':
          if (entry.open) this.#fail(entry, part.error);
          break;
        case 'tool-approval-request':
          if (entry.open && part.isAutomatic !== true) entry.waitsFor = 'approval';
          break;
        case 'tool-approval-response':
          if (part.approved === false) this.#deny(entry, part.reason);
          break;
        case 'tool-output-denied':
          this.#deny(entry, undefined);
          break;
      }
    }
  }

  /** Decisions that a resumed conversation brings along. What was approved is executed; what was denied happens nowhere else. */
  denied(messages: unknown): void {
    for (const { part, reason } of deniedCalls(messages)) {
      this.#deny(this.#open(text(part.toolCallId) ?? '', part, undefined), reason);
    }
  }

  /** Whether a person or the client has to act before the conversation can go on. */
  get waiting(): boolean {
    for (const entry of this.#entries.values()) if (entry.open && entry.waitsFor) return true;
    return false;
  }

  /** The call of the SDK is over. What still runs may yet end; what waits or was left has no other end. */
  close(): void {
    for (const entry of this.#entries.values()) {
      if (!entry.open || !entry.waitsFor) continue;
      entry.open = false;
      record.endToolCall(entry.call, {
        outcome: 'interrupted',
        metadata: { waits_for: entry.waitsFor },
      });
    }
  }

  /** Nothing more is heard of the call of the SDK. */
  abandon(): void {
    for (const entry of this.#entries.values()) {
      if (entry.open && record.isOpen(entry.call)) record.endToolCall(entry.call, { outcome: 'abandoned' });
    }
  }

  #asked(part: Fields, step: Step, parts: readonly Fields[]): void {
    const id = text(part.toolCallId) ?? '';
    const known = this.#entries.get(id);
    if (known?.step === step) return;
    const entry = this.#open(id, part, step);
    if (part.providerExecuted === true) return;
    const answered = parts.some(
      ({ type, toolCallId }) => toolCallId === id && (type === 'tool-result' || type === 'tool-error'),
    );
    if (answered) return;
    if (part.invalid === true) this.#fail(entry, part.error ?? 'Invalid tool call');
    else entry.waitsFor = 'client';
  }

  #open(id: string, part: Fields, step: Step | undefined): Entry {
    const server = text(fields(part.toolMetadata).clientName);
    const name = text(part.toolName);
    const input = part.input ?? part.args;
    const call = record.startToolCall(this.#run, {
      ...this.#unique(id),
      ...(name ? { name } : {}),
      // The model's output and the tool's input at once.
      ...(this.#privacy.inputs && this.#privacy.outputs && input !== undefined ? { args: input } : {}),
      ...(step ? { step } : {}),
      ...(part.providerExecuted === true ? { kind: 'hosted' } : server ? { kind: 'mcp' } : {}),
      ...(server ? { metadata: { server } } : {}),
    });
    const entry: Entry = { call, step, open: true };
    this.#entries.set(id, entry);
    return entry;
  }

  #unique(id: string): { toolCallId?: string; metadata?: Fields } {
    if (id === '') return {};
    let seen = idsOfRuns.get(this.#run);
    if (!seen) {
      seen = new Map();
      idsOfRuns.set(this.#run, seen);
    }
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    return times === 1 ? { toolCallId: id } : { toolCallId: `${id}#${times}`, metadata: { provider_id: id } };
  }

  #succeed(entry: Entry, output: unknown): void {
    entry.open = false;
    const failure = mcpFailure(output);
    record.endToolCall(entry.call, {
      ...(this.#privacy.outputs && output !== undefined ? { result: output } : {}),
      ...(failure === undefined
        ? { outcome: 'ok' }
        : { outcome: 'error', error: this.#privacy.outputs ? failure : 'The tool reported an error' }),
      ...this.#late(entry),
    });
  }

  #fail(entry: Entry, error: unknown): void {
    entry.open = false;
    const outcome = outcomeOf(error);
    const shown = this.#privacy.inputs && this.#privacy.outputs;
    record.endToolCall(entry.call, {
      outcome,
      error: shown && !(error instanceof Error) ? messageOf(error) : errorText(error, shown),
      ...this.#late(entry),
    });
  }

  #deny(entry: Entry, reason: unknown): void {
    entry.open = false;
    record.endToolCall(entry.call, {
      outcome: 'cancelled',
      metadata: { approval: 'denied', ...(this.#privacy.inputs && text(reason) ? { reason } : {}) },
    });
  }

  /** Its run ended first and closed it: this is when it really ended. */
  #late({ call, executedAt }: Entry): { endTime?: Date } {
    if (executedAt) return { endTime: executedAt };
    return record.isOpen(call) ? {} : { endTime: new Date() };
  }
}

/** A failure of an MCP tool comes back as a result. */
function mcpFailure(output: unknown): string | undefined {
  const { isError, content } = fields(output);
  if (isError !== true) return undefined;
  const words = list(content)
    .map((part) => text(fields(part).text))
    .filter((part) => part !== undefined);
  return words.join('\n') || 'The tool reported an error';
}

/** Tool calls of an earlier answer that the newest message says no to. */
function deniedCalls(messages: unknown): { part: Fields; reason: unknown }[] {
  const all = list(messages).map(fields);
  const last = all.at(-1);
  if (last?.role !== 'tool') return [];
  const denials = list(last.content)
    .map(fields)
    .filter(({ type, approved }) => type === 'tool-approval-response' && approved === false);
  if (denials.length === 0) return [];
  const said = all
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content }) => list(content).map(fields));
  return denials.flatMap(({ approvalId, reason }) => {
    const request = said.find(
      (part) => part.type === 'tool-approval-request' && part.approvalId === approvalId,
    );
    const part = said.find((part) => part.type === 'tool-call' && part.toolCallId === request?.toolCallId);
    return part ? [{ part, reason }] : [];
  });
}
