import { setTimeout as sleep } from 'node:timers/promises';

/** What a tool is told about the turn it works for. */
export interface ToolContext {
  signal: AbortSignal;
  /** Starts another agent that works for this tool. */
  delegate(agent: string, question: string): Promise<string>;
}

export interface Tool {
  description: string;
  /** Names of the arguments and what they are. */
  parameters: Record<string, { type: 'string' | 'number' | 'boolean'; description?: string }>;
  execute(args: Record<string, unknown>, context: ToolContext): Promise<unknown>;
}

/** A stand-in for a service: answers after a moment. */
export function service(
  description: string,
  parameters: Tool['parameters'],
  latencyMs: number,
  answer: (args: Record<string, unknown>) => unknown,
): Tool {
  return {
    description,
    parameters,
    async execute(args, { signal }) {
      await sleep(latencyMs, undefined, { signal });
      return answer(args);
    },
  };
}
