import { contentHash } from './content.js';

/** A message or schema as it leaves the process: its JSON text, and the name it goes by from then on. */
export interface SealedContent {
  json: string;
  hash: string;
}

/** A list that some item of the run carried: the first `length` hashes of its branch. */
interface SentList {
  length: number;
  hash: string;
}

/** One conversation as far as the run has told it, and every list that is a beginning of it, shortest first. */
interface Branch {
  hashes: string[];
  lists: SentList[];
}

/** Conversations that go on side by side in a run: sub-agents, a trimmed history beside the full one, the tool schemas. */
const MAX_BRANCHES = 8;
const MAX_LIST_LENGTH = 20_000;
const MAX_SENT_HASHES = 100_000;
/** A larger body is an item of its own, so that a request that is too large can be split between bodies. */
const MAX_INLINE_CHARACTERS = 4096;
const MAX_INLINED_CHARACTERS = 128 * 1024;

/**
 * What a run has told of its contents. In an agent loop step k repeats all earlier messages; here it becomes a reference to the
 * list of the step before, and what is new (the refs of wire.ts). Bounded: what is forgotten is sent again, and the
 * collector keeps it once.
 */
export class SentContents {
  private readonly hashes = new Set<string>();
  private readonly branches: Branch[] = [];

  /**
   * The JSON text of the refs to these contents. Bodies that are not sent yet stand in it, or, where they are no objects or are
   * large, are added to `lines` as items.
   */
  refs(contents: readonly SealedContent[], lines: string[]): string {
    const hashes = contents.map(({ hash }) => hash);
    const { branch, list } = this.longestBeginning(hashes);
    const from = list ? list.length : 0;
    const base = list ? `"@${list.hash}"` : '';
    if (list && from === hashes.length) return `[${base}]`;
    let text = base;
    let named = base;
    let inlined = 0;
    for (let i = from; i < contents.length; i++) {
      const { json, hash } = contents[i]!;
      const name = `"${hash}"`;
      let ref = name;
      if (!this.hashes.has(hash)) {
        if (this.hashes.size >= MAX_SENT_HASHES) this.hashes.clear();
        this.hashes.add(hash);
        if (isInlined(json, inlined)) {
          inlined += json.length;
          ref = json;
        } else lines.push(`{"type":"content","hash":${name},"body":${json}}`);
      }
      const comma = text === '' ? '' : ',';
      text += comma + ref;
      named += comma + name;
    }
    if (list || hashes.length > 1) this.remember(hashes, contentHash(`[${named}]`), branch, list);
    return `[${text}]`;
  }

  /** The longest list sent before that these hashes begin with. */
  private longestBeginning(hashes: readonly string[]): { branch?: Branch; list?: SentList } {
    let found: { branch?: Branch; list?: SentList } = {};
    for (const branch of this.branches) {
      const length = commonLength(branch.hashes, hashes);
      const list = branch.lists.findLast((one) => one.length <= length);
      if (list && list.length > (found.list?.length ?? 0)) found = { branch, list };
    }
    return found;
  }

  private remember(
    hashes: string[],
    hash: string,
    branch: Branch | undefined,
    list: SentList | undefined,
  ): void {
    if (hashes.length > MAX_LIST_LENGTH) return;
    const { branches } = this;
    const sent = { length: hashes.length, hash };
    if (branch && list && list.length === branch.hashes.length) {
      // It goes on where the branch ended.
      branch.hashes = hashes;
      branch.lists.push(sent);
      branches.splice(branches.indexOf(branch), 1);
      branches.push(branch);
    } else {
      const shared = list ? (branch?.lists.filter(({ length }) => length <= list.length) ?? []) : [];
      branches.push({ hashes, lists: [...shared, sent] });
      if (branches.length > MAX_BRANCHES) branches.shift();
    }
  }
}

const isInlined = (json: string, inlined: number): boolean =>
  json.length <= MAX_INLINE_CHARACTERS &&
  inlined + json.length <= MAX_INLINED_CHARACTERS &&
  json.charCodeAt(0) === 123;

function commonLength(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return at;
}
