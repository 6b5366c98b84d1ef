/**
 * How a list of contents is stored: the keys of its own contents, and the key of the list whose contents come before them. A list
 * is named by a hash that holds the hash of its base, so that no list can come before itself.
 */
export interface ListRow {
  base: number | undefined;
  keys: number[];
}

/** JSON text: the base is the one number below zero. */
export const listBody = ({ base, keys }: ListRow): string =>
  JSON.stringify(base === undefined ? keys : [-base, ...keys]);

export function readListBody(body: string): ListRow {
  const [first, ...rest] = JSON.parse(body) as number[];
  return first !== undefined && first < 0
    ? { base: -first, keys: rest }
    : { base: undefined, keys: first === undefined ? rest : [first, ...rest] };
}

/** What stands where the beginning of a list cannot be shown. */
export interface Gap {
  /** The key of the list that is not shown. */
  list: number;
  why: 'not received' | 'too long';
}

/** The contents of a list in order, and what is missing before them. */
export interface WholeList {
  gap?: Gap;
  keys: number[];
}

/** From the end to the beginning, in a loop: a chain may be as long as somebody cared to send. */
export function wholeList(
  key: number,
  read: (key: number) => ListRow | undefined,
  maxContents: number,
): WholeList {
  const parts: number[][] = [];
  let count = 0;
  let gap: Gap | undefined;
  for (let at: number | undefined = key; at !== undefined; ) {
    const row = read(at);
    if (!row) {
      gap = { list: at, why: 'not received' };
      break;
    }
    const room = maxContents - count;
    if (row.keys.length > room || (row.keys.length === room && row.base !== undefined)) {
      gap = { list: at, why: 'too long' };
      parts.push(row.keys.slice(row.keys.length - room));
      break;
    }
    parts.push(row.keys);
    count += row.keys.length;
    at = row.base;
  }
  return { ...(gap && { gap }), keys: parts.reverse().flat() };
}
