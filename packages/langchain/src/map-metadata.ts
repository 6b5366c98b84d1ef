import type { RunFields } from '@observatory/core/recorder';
import { type Bag, bag, list, text } from './reading.js';

/** Tags that LangChain makes for itself. */
const OWN_TAGS =
  /^(seq:step:\d+|graph:step:\d+|map:key:.*|branch:.*|condition:.*|retry:attempt:\d+|langsmith:.*|nostream)$/;

/** What the host says about its runs, at the handler or under `metadata.observatory` of a call. */
export interface RunDetails {
  /** The agent's name. Default: what LangChain calls it. */
  name?: string | undefined;
  /** Default: `session_id`, `sessionId`, `conversation_id`, … of the call's metadata, else LangGraph's `thread_id`. */
  sessionId?: string | undefined;
  /** Default: true where the session is a thread or conversation of LangChain's. */
  conversational?: boolean | undefined;
  userId?: string | undefined;
  tags?: readonly string[] | undefined;
  metadata?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Session, user, tags and metadata of an invocation: what the host says to us goes before what LangChain knows.
 * `configurable` is what only the global hook can see.
 */
export function readDetails(
  details: RunDetails,
  metadata: Bag,
  configurable: Bag,
  tags: unknown,
  metadataKeys: readonly string[],
): RunFields {
  const call = bag(metadata.observatory) as RunDetails;
  const own: RunDetails = { ...details, ...call };
  const session = text(metadata.session_id) ?? text(metadata.sessionId);
  const conversation =
    text(metadata.conversation_id) ??
    text(metadata.conversationId) ??
    text(metadata.thread_id) ??
    text(configurable.thread_id) ??
    text(configurable.sessionId) ??
    text(configurable.session_id);
  const sessionId = text(own.sessionId) ?? session ?? conversation;
  const conversational =
    typeof own.conversational === 'boolean'
      ? own.conversational
      : sessionId !== undefined && sessionId === conversation
        ? true
        : undefined;
  const kept: Record<string, unknown> = { ...bag(details.metadata), ...bag(call.metadata) };
  // An allow-list: @langchain/core 0.3 copies everything under `configurable` here, keys and tokens included.
  for (const key of metadataKeys) {
    const value = metadata[key] ?? configurable[key];
    if (value !== undefined) kept[key] = value;
  }
  const ownTags = [...userTags(tags), ...list(details.tags), ...list(call.tags)].map(String);
  return {
    name: text(own.name),
    sessionId,
    conversational,
    userId:
      text(own.userId) ??
      text(metadata.user_id) ??
      text(metadata.userId) ??
      text(configurable.user_id) ??
      text(configurable.userId),
    tags: ownTags.length > 0 ? ownTags : undefined,
    metadata: Object.keys(kept).length > 0 ? kept : undefined,
  };
}

const userTags = (tags: unknown): string[] =>
  list(tags).filter((tag): tag is string => typeof tag === 'string' && !OWN_TAGS.test(tag));

/** 2 for the first repetition that `withRetry` makes, and so on. */
export function attemptOf(tags: unknown): number | undefined {
  for (const tag of list(tags)) {
    const attempt = /^retry:attempt:(\d+)$/.exec(String(tag))?.[1];
    if (attempt !== undefined) return Number(attempt);
  }
  return undefined;
}

export const isHidden = (tags: unknown): boolean => list(tags).includes('langsmith:hidden');

/** Where in a graph something happens: its node, and the agent the node belongs to. */
export function placeOf(metadata: Bag): Record<string, unknown> | undefined {
  const node = text(metadata.langgraph_node);
  const agent = text(metadata.lc_agent_name);
  if (node === undefined && agent === undefined) return undefined;
  return { ...(agent === undefined ? {} : { agent }), ...(node === undefined ? {} : { node }) };
}

/** The name LangChain gives: of the call, of the agent, or of the class. */
export function nameOf(serialized: unknown, runName: unknown): string | undefined {
  const { name, id } = bag(serialized);
  return text(runName) ?? text(name) ?? text(list(id).at(-1));
}

/** A whole graph or agent, not one of its nodes. */
export const isGraph = (serialized: unknown): boolean => list(bag(serialized).id)[0] === 'langgraph';
