import { useMemo } from 'react';
import type { JsonValue } from './json-tree.js';
import { JsonView } from './json-view.js';
import { TextBlock } from './text-block.js';

/** Beyond this, text that looks like JSON stays text until somebody opens the raw view. */
const JSON_MAX_CHARS = 6_000_000;

/** Text that is JSON as a tree, any other text as text: tool arguments and results. */
export function Payload({ text, startOpen = 2 }: { text: string; startOpen?: number }) {
  const value = useMemo(() => parseJson(text), [text]);
  return value === undefined ? (
    <TextBlock text={text} mono />
  ) : (
    <JsonView value={value} startOpen={text.length > 4_000 ? 1 : startOpen} />
  );
}

/** Objects and arrays only: a bare number or string says more as it is. */
export function parseJson(text: string): JsonValue | undefined {
  const first = text.trimStart()[0];
  if ((first !== '{' && first !== '[') || text.length > JSON_MAX_CHARS) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
