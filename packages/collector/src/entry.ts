import type { Amendment } from './merge.js';
import type { Micros } from './time.js';

/** A validated, normalised item: what a store takes. Accept makes it, whichever dialect it came in. */
export type Entry = RunEntry | StepEntry | ToolCallEntry | ContentEntry | FeedbackEntry | LossEntry;

export interface RunEntry extends Amendment {
  kind: 'run';
  run_id: string;
}

export interface StepEntry extends Amendment {
  kind: 'step';
  run_id: string;
  id: string;
}

export interface ToolCallEntry extends Amendment {
  kind: 'tool_call';
  run_id: string;
  id: string;
}

export interface ContentEntry {
  kind: 'content';
  hash: string;
  /** JSON text. */
  body: string;
}

export interface FeedbackEntry {
  kind: 'feedback';
  run_id: string;
  /** Tells a re-sent feedback from a new one. */
  identity: string;
  score?: 'thumbs_up' | 'thumbs_down';
  text?: string;
  time?: Micros;
}

export interface LossEntry {
  kind: 'loss';
  loss_id: string;
  time: Micros;
  reason: string;
  items: number;
  runs: number;
  sdk?: string;
}

/**
 * A text held by reference inside an entry's fields: bodies that repeat (a system prompt, a tool schema, the messages of a
 * conversation) are stored and indexed once per collector.
 */
export interface ContentRef {
  /** The client's hash, prefixed `c:`, or the collector's own, prefixed `t:`. */
  $hash: string;
  /** The beginning, for list rows. */
  preview: string;
}

/** A prompt that was the JSON text of messages: the text is their bodies joined again. */
export interface MessagesRef {
  $messages: string[];
}

/** The contents a step refers to, in order. */
export interface ContentList {
  /** Hashes of contents. */
  $list: string[];
  /** The hash of the list whose contents come before them, prefixed `l:`. */
  base?: string;
  /** Its own, under which later lists may go on from it, prefixed `l:`. */
  hash?: string;
}
