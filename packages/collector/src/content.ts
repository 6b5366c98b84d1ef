import { createHash } from 'node:crypto';
import { isObject } from './accept-fields.js';
import type { ContentEntry, ContentRef, MessagesRef } from './entry.js';
import type { Fields } from './merge.js';

/** Below this a reference and its bookkeeping cost more than the text. */
const SHARED_FROM_CHARACTERS = 512;

const BODIES = {
  run: ['response', 'full_output'],
  step: ['prompt', 'response', 'tool_definitions'],
  tool_call: ['args', 'result'],
} as const;

/**
 * Moves long texts out of an item's fields into contents, which are stored once per collector: a system prompt that every
 * run repeats, and the messages of a prompt that is the JSON text of a conversation, which every step repeats.
 */
export function shareContent(kind: keyof typeof BODIES, fields: Fields, contents: ContentEntry[]): Fields {
  const shared: Fields = { ...fields };
  if (kind === 'run' && isObject(fields.prompt)) {
    const prompt: Fields = {};
    for (const [name, value] of Object.entries(fields.prompt)) prompt[name] = shareText(value, contents);
    shared.prompt = prompt;
  }
  if (kind === 'step' && fields.messages === undefined) {
    const hashes = shareMessages(fields.prompt, contents);
    if (hashes) shared.prompt = { $messages: hashes } satisfies MessagesRef;
  }
  for (const name of BODIES[kind]) {
    if (name in shared) shared[name] = shareText(shared[name], contents);
  }
  return shared;
}

/** List rows carry previews, never bodies (DESIGN §6). */
export const PREVIEW_CHARACTERS = 200;

export function preview(text: string): string {
  if (text.length <= PREVIEW_CHARACTERS) return text;
  // Cutting a surrogate pair in two would leave a character that no reader can show.
  const last = text.charCodeAt(PREVIEW_CHARACTERS - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? PREVIEW_CHARACTERS - 1 : PREVIEW_CHARACTERS);
}

function shareText(value: unknown, contents: ContentEntry[]): unknown {
  if (typeof value !== 'string' || value.length < SHARED_FROM_CHARACTERS) return value;
  return { $hash: share(JSON.stringify(value), contents), preview: preview(value) } satisfies ContentRef;
}

/** Only where joining the messages again gives the very text that was sent. */
function shareMessages(prompt: unknown, contents: ContentEntry[]): string[] | undefined {
  if (typeof prompt !== 'string' || !prompt.startsWith('[{')) return undefined;
  let messages: unknown;
  try {
    messages = JSON.parse(prompt);
  } catch {
    return undefined;
  }
  if (
    !Array.isArray(messages) ||
    !messages.every((message) => isObject(message) && typeof message.role === 'string')
  ) {
    return undefined;
  }
  const bodies = messages.map((message) => JSON.stringify(message));
  if (`[${bodies.join(',')}]` !== prompt) return undefined;
  return bodies.map((body) => share(body, contents));
}

function share(body: string, contents: ContentEntry[]): string {
  const hash = `t:${createHash('sha256').update(body).digest('base64url')}`;
  contents.push({ kind: 'content', hash, body });
  return hash;
}
