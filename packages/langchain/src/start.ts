import type { RunStart, Scope } from '@observatory/core/recorder';
import { begin, findInvocation, type Invocation, isOpen, waitForPerson } from './invocation.js';
import { isGraph, nameOf, placeOf, type RunDetails, readDetails } from './map-metadata.js';
import type { Prompt } from './map-prompt.js';
import { hostScope } from './model-scope.js';
import { type Bag, bag, text } from './reading.js';
import { RunBook, record } from './run-book.js';

/** What a handler was made with, or found around the call it was put into. */
export interface Origin {
  readonly details: RunDetails;
  readonly metadataKeys: readonly string[];
  /** Only the global hook sees where the call was made, … */
  readonly scope?: Scope | undefined;
  /** … the invocation around it where LangChain did not pass one on, … */
  readonly parentId?: string | undefined;
  /** … and the parts of `configurable` that do not become metadata. */
  readonly configurable?: Bag | undefined;
}

/** What all start callbacks have in common. */
export interface Start {
  id: string;
  parentId: string | undefined;
  serialized: unknown;
  tags: unknown;
  metadata: Bag;
  name: string | undefined;
  origin: Origin;
}

/** How the run is opened if the invocation is a root. */
export interface Opening {
  prompt: () => Prompt;
  /** A graph or agent: inside a tool call it is a run of its own. */
  agent?: boolean;
  /** Only recorded if something happens in it. */
  lazy?: boolean;
  /** The run that goes on with this invocation. */
  resumed?: (thread: string | undefined) => RunBook | undefined;
}

export const readStart = (
  origin: Origin,
  serialized: unknown,
  id: string,
  parentId: unknown,
  tags: unknown,
  metadata: unknown,
  name: unknown,
): Start => ({
  id,
  parentId: text(parentId),
  serialized,
  tags,
  metadata: bag(metadata),
  name: nameOf(serialized, name),
  origin,
});

/**
 * Enters an invocation: under its parent, into the run the host is in, or with a run of its own. Undefined for one that is
 * open already: a handler that is given to the constructor and to the call hears everything twice.
 */
export function enter(start: Start, kind: Invocation['kind'], opening: Opening): Invocation | undefined {
  if (isOpen(start.id)) return undefined;
  const entered = hostScope();
  const known = findInvocation(start.parentId) ?? findInvocation(start.origin.parentId);
  // The host has opened a run of its own around this part of a chain.
  const moved = known && entered && record.isWithin(entered.run, known.book.run);
  const parent = moved ? undefined : known;
  const nested = parent && opening.agent && parent.toolCall;
  let book: RunBook;
  if (parent && !nested) book = parent.book;
  else if (parent) book = subAgent(start, parent, opening);
  else book = rootBook(start, opening);
  const invocation: Invocation = {
    id: start.id,
    kind,
    parent: start.parentId,
    book,
    toolCall: parent && !nested ? parent.toolCall : undefined,
    place: placeOf(start.metadata) ?? parent?.place,
    entered,
    step: undefined,
    stream: undefined,
    release: undefined,
    actions: undefined,
    providerId: undefined,
    abandoned: false,
    scope: undefined,
  };
  begin(invocation);
  return invocation;
}

/** Whether it is the invocation its run was opened for. */
export const isRoot = (invocation: Invocation): boolean => invocation.book.rootId === invocation.id;

function rootBook(start: Start, opening: Opening): RunBook {
  const fields = runStart(start);
  const thread = fields.sessionId === undefined ? undefined : `${start.name ?? ''} ${fields.sessionId}`;
  const resumed = opening.resumed?.(thread);
  if (resumed) return resumed;
  const scope = hostScope() ?? start.origin.scope;
  // An agent that a tool of the host's calls is a sub-agent; everything else belongs to the run the host is in.
  if (scope && !(opening.agent && scope.toolCall)) {
    const name = opening.agent && start.name !== UNNAMED_GRAPH ? fields.name : undefined;
    return RunBook.joining(start.id, scope.run, { ...fields, name, prompt: opening.prompt() });
  }
  const book = RunBook.opening(start.id, {
    ...fields,
    runId: start.id,
    parent: scope ?? null,
    prompt: opening.prompt(),
    lazy: opening.lazy === true ? true : undefined,
  });
  if (thread !== undefined) book.park = () => waitForPerson(thread, book);
  return book;
}

/** What LangGraph calls a graph that was given no name. */
const UNNAMED_GRAPH = 'LangGraph';

function subAgent(start: Start, parent: Invocation, opening: Opening): RunBook {
  const { toolCall, book: outer } = parent;
  const key = `${start.name ?? ''} ${toolCall?.toolCallId ?? ''}`;
  const waiting = outer.waiting.get(key);
  if (waiting) {
    outer.waiting.delete(key);
    waiting.resume(start.id, undefined);
    return waiting;
  }
  const { name, metadata } = runStart(start);
  const parentScope = outer.scope(toolCall, undefined);
  const run = { name, metadata, runId: start.id, parent: parentScope, prompt: opening.prompt() };
  const book = RunBook.opening(start.id, run);
  book.park = () => outer.waiting.set(key, book);
  return book;
}

function runStart(start: Start): RunStart {
  const { details, metadataKeys, configurable = {} } = start.origin;
  const read = readDetails(details, start.metadata, configurable, start.tags, metadataKeys);
  const agent = isGraph(start.serialized) ? text(start.metadata.lc_agent_name) : undefined;
  return { ...read, name: read.name ?? agent ?? start.name };
}
