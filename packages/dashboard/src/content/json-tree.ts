/** The lines of a JSON tree: which are open, which are found. Works on values of any depth without recursion. */

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** Children shown at once; the rest is a line that shows more. */
export const CHILDREN_PER_STEP = 100;

export interface JsonLine {
  /** Unique in the tree: the keys from the root, JSON-escaped. */
  path: string;
  depth: number;
  /** Absent for the root. */
  key?: string | number;
  value: JsonValue;
  /** Children of an object or array; absent for a plain value. */
  size?: number;
  open: boolean;
  /** This line stands for children that are not shown yet: so many. */
  hidden?: number;
}

/** Which objects and arrays are open, and how many steps of children each shows. */
export interface JsonView {
  open: ReadonlyMap<string, number>;
  /** Objects and arrays above this depth start open. */
  startOpen: number;
  closed: ReadonlySet<string>;
}

export function childPath(path: string, key: string | number): string {
  return `${path}/${typeof key === 'number' ? key : JSON.stringify(key)}`;
}

export function sizeOf(value: JsonValue): number | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

export function isOpen(view: JsonView, path: string, depth: number): boolean {
  return view.open.has(path) || (depth < view.startOpen && !view.closed.has(path));
}

/** The visible lines, top to bottom. */
export function jsonLines(root: JsonValue, view: JsonView): JsonLine[] {
  const lines: JsonLine[] = [];
  const stack: JsonLine[] = [{ path: '', depth: 0, value: root, ...sized(root), open: false }];
  while (stack.length > 0) {
    const line = stack.pop()!;
    if (line.hidden === undefined && line.size !== undefined && line.size > 0)
      line.open = isOpen(view, line.path, line.depth);
    lines.push(line);
    if (!line.open || line.hidden !== undefined) continue;
    const shown = (view.open.get(line.path) ?? 1) * CHILDREN_PER_STEP;
    const children = childrenOf(line.value, shown);
    const rest = line.size! - children.length;
    if (rest > 0)
      stack.push({ path: `${line.path}/…`, depth: line.depth + 1, value: null, open: false, hidden: rest });
    for (const [key, value] of children.reverse()) {
      stack.push({
        path: childPath(line.path, key),
        depth: line.depth + 1,
        key,
        value,
        ...sized(value),
        open: false,
      });
    }
  }
  return lines;
}

/** Paths of lines whose key or plain value holds the text, in order, at most `limit`; with the paths that must be open for them. */
export function findInJson(
  root: JsonValue,
  text: string,
  limit: number,
): { found: string[]; open: Map<string, number> } {
  const wanted = text.toLowerCase();
  const found: string[] = [];
  const open = new Map<string, number>();
  const stack: { path: string; value: JsonValue; key?: string | number; parents: [string, number][] }[] = [
    { path: '', value: root, parents: [] },
  ];
  while (stack.length > 0 && found.length < limit) {
    const node = stack.pop()!;
    const size = sizeOf(node.value);
    const hit =
      (typeof node.key === 'string' && node.key.toLowerCase().includes(wanted)) ||
      (size === undefined && String(node.value).toLowerCase().includes(wanted));
    if (hit) {
      found.push(node.path);
      for (const [parent, step] of node.parents) open.set(parent, Math.max(step, open.get(parent) ?? 1));
    }
    if (size === undefined) continue;
    const children = childrenOf(node.value, size);
    for (let index = children.length - 1; index >= 0; index--) {
      const [key, value] = children[index]!;
      const steps = Math.floor(index / CHILDREN_PER_STEP) + 1;
      stack.push({
        path: childPath(node.path, key),
        key,
        value,
        parents: linked(node.parents, node.path, steps),
      });
    }
  }
  return { found, open };
}

/** The chain of parents, shared between siblings; deeper than this nobody reads, and copies would be quadratic. */
const DEEPEST = 200;
function linked(parents: [string, number][], path: string, steps: number): [string, number][] {
  return parents.length >= DEEPEST ? parents : [...parents, [path, steps]];
}

function sized(value: JsonValue): { size?: number } {
  const size = sizeOf(value);
  return size === undefined ? {} : { size };
}

function childrenOf(value: JsonValue, count: number): [string | number, JsonValue][] {
  if (Array.isArray(value)) return value.slice(0, count).map((child, index) => [index, child]);
  const object = value as { [key: string]: JsonValue };
  return Object.keys(object)
    .slice(0, count)
    .map((key) => [key, object[key]!]);
}
