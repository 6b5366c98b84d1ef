import { report, type Scope, type Step, shared, type ToolCall } from '@observatory/core/recorder';
import type { RunBook } from './run-book.js';

/** One execution that LangChain reports: of a chain, graph, node, model, tool or retriever. It calls this a run. */
export interface Invocation {
  /** LangChain's run id. */
  readonly id: string;
  readonly kind: 'chain' | 'model' | 'tool' | 'retrieval';
  readonly parent: string | undefined;
  /** Where what it does is recorded. */
  readonly book: RunBook;
  /** The innermost tool call of the book's run around it, itself included. */
  toolCall: ToolCall | undefined;
  /** Its node and agent. */
  readonly place: Record<string, unknown> | undefined;
  /** The scope in which it started: code inside that stands in another one was put there by the host. */
  readonly entered: Scope | undefined;
  /** For a model: the step, unless an outer adapter records this very call. */
  step: Step | undefined;
  stream: PartialAnswer | undefined;
  /** For a model: undoes what was set up to hear of its end. */
  release: (() => void) | undefined;
  /** For an agent of the 0.3 line: the tools it is about to call. */
  actions: { tool: string; toolCallId: string }[] | undefined;
  /** For a tool: what the provider called the request. */
  providerId: string | undefined;
  /** Closed because nobody ended it. Its real end may still come. */
  abandoned: boolean;
  scope: Scope | undefined;
}

/** What a stream has brought so far: all there is of it if it never ends. */
export interface PartialAnswer {
  readonly startedAt: number;
  firstTokenMs: number | undefined;
  /** When a token came without a chunk: it is the first of several, or the whole answer at once. */
  candidateMs: number | undefined;
  words: string;
}

/** More open invocations than this are left over. */
const MAX_OPEN = 10_000;
/** Ended ones are remembered for children that start late. */
const MAX_ENDED = 5_000;
/** A run in which nothing happens for so long is over: a stream that nobody read to its end sends no end. */
const IDLE_MS = 15 * 60_000;
const SWEEP_EVERY_MS = 60_000;
/** Together, all open streams keep this many characters of partial answers, each at most its share. */
const MAX_PARTIAL = 32 * 1024 * 1024;
const MAX_PARTIAL_EACH = 64 * 1024;

interface State {
  open: Map<string, Invocation>;
  ended: Map<string, Invocation>;
  /** Runs that wait for a person, by thread. */
  waiting: Map<string, RunBook>;
  partial: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  closeAbandoned: ((invocation: Invocation) => void) | undefined;
}

const state = shared<State>('langchain.invocations', () => ({
  open: new Map(),
  ended: new Map(),
  waiting: new Map(),
  partial: 0,
  timer: undefined,
  closeAbandoned: undefined,
}));

/** The invocation with this id: an open one, or one that ended lately. */
export const findInvocation = (id: string | undefined): Invocation | undefined =>
  id === undefined ? undefined : (state.open.get(id) ?? state.ended.get(id));

export const isOpen = (id: string): boolean => state.open.has(id);

export const openCount = (): number => state.open.size;

export function begin(invocation: Invocation): void {
  const { open } = state;
  if (open.size >= MAX_OPEN) evictOldest();
  open.set(invocation.id, invocation);
  invocation.book.open++;
  invocation.book.touch();
  arm();
}

/** Takes out the invocation that ends; undefined for one that nobody announced, or that has ended before. */
export function finish(id: string): Invocation | undefined {
  const { open, ended } = state;
  const invocation = open.get(id);
  if (!invocation) {
    const closed = ended.get(id);
    if (!closed?.abandoned) return undefined;
    closed.abandoned = false;
    return closed;
  }
  open.delete(id);
  invocation.book.touch();
  leave(invocation);
  return invocation;
}

function leave(invocation: Invocation): void {
  invocation.book.open--;
  invocation.release?.();
  invocation.release = undefined;
  state.partial -= invocation.stream?.words.length ?? 0;
  // Nothing starts under a model, unless it was only thought to be over.
  if (invocation.kind === 'model' && !invocation.abandoned) return;
  const { ended } = state;
  ended.set(invocation.id, invocation);
  if (ended.size > MAX_ENDED) ended.delete(ended.keys().next().value as string);
}

/** Adds to a partial answer, within the bounds. */
export function keepPartial(stream: PartialAnswer, words: string): void {
  if (stream.words.length + words.length > MAX_PARTIAL_EACH || state.partial >= MAX_PARTIAL) return;
  stream.words += words;
  state.partial += words.length;
}

/** How open invocations are closed that nobody ends; set by the handler. */
export function onAbandoned(close: (invocation: Invocation) => void): void {
  state.closeAbandoned = close;
}

function abandon(invocation: Invocation): void {
  state.open.delete(invocation.id);
  invocation.abandoned = true;
  leave(invocation);
  state.closeAbandoned?.(invocation);
  invocation.stream = undefined;
}

function evictOldest(): void {
  const oldest = state.open.values().next().value;
  if (!oldest) return;
  abandon(oldest);
  report({
    kind: 'langchain-too-many-open',
    message: `More than ${MAX_OPEN} LangChain invocations were open at once; the oldest were closed as abandoned. Read streams to their end, or break out of them less often.`,
    count: 1,
  });
}

function arm(): void {
  if (state.timer !== undefined) return;
  state.timer = setTimeout(() => {
    state.timer = undefined;
    sweep();
    if (state.open.size > 0) arm();
  }, SWEEP_EVERY_MS);
  (state.timer as { unref?: () => void }).unref?.();
}

/** Closes what will never end: everything in runs where nothing has happened for `idleMs`. Returns how many. */
export function sweep(idleMs = IDLE_MS): number {
  const before = performance.now() - idleMs;
  let closed = 0;
  // Children after their parents: in the order in which they started.
  for (const invocation of [...state.open.values()]) {
    if (invocation.book.touchedAt > before) continue;
    abandon(invocation);
    closed++;
  }
  return closed;
}

/** At most this many interrupted runs can be resumed as the same run. */
const MAX_WAITING = 1_000;

export function waitForPerson(thread: string, book: RunBook): void {
  const { waiting } = state;
  waiting.delete(thread);
  waiting.set(thread, book);
  if (waiting.size > MAX_WAITING) waiting.delete(waiting.keys().next().value as string);
}

/** Takes the run that waits in a thread. */
export function takeWaiting(thread: string): RunBook | undefined {
  const book = state.waiting.get(thread);
  state.waiting.delete(thread);
  return book;
}

/** Where code stands that runs inside an invocation, unless the host has put it somewhere else since. */
export function scopeInside(id: string | undefined, entered: Scope | undefined): Scope | undefined {
  const invocation = findInvocation(id);
  if (!invocation || invocation.entered !== entered) return undefined;
  invocation.scope ??= invocation.book.scope(invocation.toolCall, invocation.place);
  return invocation.scope;
}
