import { defined, type Fields, fields, isFields, text } from './plain.js';

/** What a call says about the run it belongs to. */
export interface Labels {
  sessionId?: string;
  userId?: string;
  agent?: string;
  conversational?: boolean;
  tags?: readonly string[];
  metadata?: Fields;
}

const SESSION_KEYS = ['sessionId', 'session_id', 'threadId', 'thread_id', 'conversationId', 'chatId'];
const USER_KEYS = ['userId', 'user_id'];
const AGENT_KEYS = ['agent', 'agentName'];

/**
 * Labels from what the SDK carries along with a call: `experimental_telemetry.metadata` in 5 and 6, in 7 the keys of
 * `runtimeContext` that the host allowed for telemetry. Well-known names become what they mean, the rest is metadata.
 */
export function labelsIn(metadata: unknown): Labels {
  if (!isFields(metadata)) return {};
  const rest: Fields = {};
  const labels: Labels = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (value === undefined) continue;
    if (SESSION_KEYS.includes(key)) labels.sessionId ??= idText(value);
    else if (USER_KEYS.includes(key)) labels.userId ??= idText(value);
    else if (AGENT_KEYS.includes(key)) labels.agent ??= idText(value);
    else if (key === 'tags' && Array.isArray(value)) labels.tags = value.map(String);
    else rest[key] = value;
  }
  if (Object.keys(rest).length > 0) labels.metadata = rest;
  return defined(labels);
}

const idText = (value: unknown): string => (typeof value === 'string' ? value : String(value));

/** The first one wins; metadata is merged. */
export function mergeLabels(first: Labels, second: Labels): Labels {
  const metadata = { ...second.metadata, ...first.metadata };
  return {
    ...second,
    ...defined(first),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

export const nameOf = (functionId: unknown, operation: string): string =>
  text(functionId) ?? operation.replace(/^ai\./, '');

export const agentLabel = (value: unknown): string | undefined => text(fields(value).id);
