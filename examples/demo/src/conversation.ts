import type { Reply } from '@observatory/testing';

/** What the scripted model does in one step of a turn; the last step of a turn is its answer. */
export type ScriptedStep = Reply & object;

/** One message of a user and what the model makes of it. */
export interface Turn {
  user: string;
  steps: ScriptedStep[];
  /** The user watches the answer arrive. */
  streamed?: boolean;
  /** The user closes the page this long after asking. */
  leavesAfterMs?: number;
  /** What the user thinks of the answer. */
  feedback?: { score: 'thumbs_up' | 'thumbs_down'; text?: string };
}

/** A user talking with an agent, turn after turn. */
export interface Conversation {
  /** Name of the agent, see agents.ts. */
  agent: string;
  userId: string;
  metadata?: Record<string, unknown>;
  turns: Turn[];
}

export const asks = (...calls: [name: string, args: Record<string, unknown>][]): ScriptedStep => ({
  toolCalls: calls.map(([name, args]) => ({ name, args })),
});

export const says = (text: string, more: Record<string, unknown> = {}): ScriptedStep => ({ text, ...more });
