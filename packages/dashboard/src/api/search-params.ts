/**
 * How typed search params are written in the URL: plain `key=value`, repeated for several values, so that links can be
 * read, edited by hand and passed to the query API as they are.
 */

/** `?model=a&model=b&q=x` → `{model: ['a', 'b'], q: 'x'}`. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const search: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    if (key === '__proto__') continue;
    const known = search[key];
    search[key] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  return search;
}

/** The reverse; empty values are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === undefined || one === null || one === '') continue;
      params.append(key, String(one));
    }
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
