import { contentHash } from '@observatory/core/recorder';
import type { ContentRefs, WireItem } from '@observatory/core/wire';

/** Messages and tool schemas by the refs to them (wire.ts). */
export interface CapturedContents {
  /** In order. `missing` makes what stands for a hash whose body, or a list whose members, were not captured. */
  resolve<Missing>(
    refs: ContentRefs,
    missing: (ref: string) => Missing,
  ): (Record<string, unknown> | Missing)[];
}

/** From everything that left the process. */
export function capturedContents(items: readonly WireItem[]): CapturedContents {
  const bodies = new Map<string, unknown>();
  const lists = new Map<string, string[]>();
  const keep = (hash: string, body: unknown) => {
    if (!bodies.has(hash)) bodies.set(hash, body);
  };
  const named = (refs: ContentRefs): string[] =>
    refs.map((ref) => {
      if (typeof ref === 'string') return ref;
      const hash = contentHash(JSON.stringify(ref));
      keep(hash, ref);
      return hash;
    });
  for (const item of items) {
    if (item.type === 'content') keep(item.hash, item.body);
    if (item.type !== 'step') continue;
    for (const refs of [item.messages, item.output, item.tool_definitions]) {
      if (!Array.isArray(refs)) continue;
      const names = named(refs);
      lists.set(contentHash(JSON.stringify(names)), names);
    }
  }
  return {
    resolve(refs, missing) {
      const parts: string[][] = [];
      let names: string[] | undefined = named(refs);
      while (names) {
        const first: string | undefined = names[0];
        const base: string[] | undefined = first?.startsWith('@') ? lists.get(first.slice(1)) : undefined;
        parts.push(base ? names.slice(1) : names);
        names = base;
      }
      return parts
        .reverse()
        .flat()
        .map((name) => (bodies.get(name) as Record<string, unknown> | undefined) ?? missing(name));
    },
  };
}
