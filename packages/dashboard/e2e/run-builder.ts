import type { Message, Outcome, RunItem, StepItem, ToolCallItem, WireItem } from '@observatory/core/wire';

/** Builds wire items the way clients send them: runs with steps, tool calls and nested runs, times in milliseconds from a start. */
export class RunBuilder {
  readonly items: WireItem[] = [];
  readonly id: string;
  readonly start: number;
  private readonly seen = new Set<string>();
  private steps = 0;
  private calls = 0;

  constructor(id: string, start: number, fields: Partial<RunItem> = {}) {
    this.id = id;
    this.start = start;
    this.items.push({ type: 'run', run_id: id, start_time: iso(start), seq: 1, ...fields });
  }

  end(after: number, fields: Partial<RunItem> = {}): this {
    const outcome = fields.outcome ?? 'ok';
    this.items.push({
      type: 'run',
      run_id: this.id,
      end_time: iso(this.start + after),
      status_code: FAILED.includes(outcome) ? 2 : 0,
      seq: 2,
      ...fields,
      outcome,
    });
    return this;
  }

  step(
    from: number,
    to: number | undefined,
    fields: Partial<StepItem> & { sent?: Message[]; said?: Message[] } = {},
  ): string {
    const { sent, said, ...rest } = fields;
    const step_id = rest.step_id ?? `${this.id}-step-${++this.steps}`;
    this.items.push({
      type: 'step',
      run_id: this.id,
      step_id,
      start_time: iso(this.start + from),
      seq: 1,
      model_requested: 'gpt-5-mini',
      model_used: 'gpt-5-mini-2025-08-07',
      provider: 'openai',
      ...(to !== undefined && {
        end_time: iso(this.start + to),
        outcome: 'ok',
        status_code: 0,
        finish_reason: 'stop',
      }),
      ...(sent && { messages: sent.map((message) => this.content(message)) }),
      ...(said && { output: said.map((message) => this.content(message)) }),
      ...rest,
    });
    return step_id;
  }

  tool(name: string, from: number, to: number | undefined, fields: Partial<ToolCallItem> = {}): string {
    const tool_call_id = fields.tool_call_id ?? `${this.id}-call-${++this.calls}`;
    this.items.push({
      type: 'tool_call',
      run_id: this.id,
      tool_call_id,
      tool_name: name,
      start_time: iso(this.start + from),
      seq: 1,
      ...(to !== undefined && { end_time: iso(this.start + to), outcome: 'ok', status_code: 0 }),
      ...fields,
    });
    return tool_call_id;
  }

  private content(body: Message): string {
    const hash = `h-${simpleHash(JSON.stringify(body))}`;
    if (!this.seen.has(hash)) this.items.push({ type: 'content', hash, body });
    this.seen.add(hash);
    return hash;
  }
}

export const FAILED: Outcome[] = ['error', 'incomplete', 'timed_out'];

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function simpleHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++)
    hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16);
}
