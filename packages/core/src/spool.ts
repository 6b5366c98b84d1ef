import { countRuns, isWhole } from './batch.js';
import type { Diagnostic } from './diagnostics.js';
import { createOpenings, type Openings } from './journal.js';
import { builtin, nodeProcess } from './platform.js';
import { createSegment, type Segment, type Stored, scan } from './segment.js';
import {
  defaultSpoolFolder,
  fileOf,
  NO_ADDRESS,
  newAge,
  ownedBy,
  type SpoolFile,
  targetOf,
} from './spool-folder.js';
import { createSpoolLock, NOBODY, type SpoolLock } from './spool-lock.js';

/** Sealed lines on disk: what does not fit into memory, what outlives the process, and what earlier processes left. */
export interface Spool {
  /** undefined when it cannot be kept: no disk, no room. Never throws. */
  append(lines: readonly string[]): Stored | undefined;
  /** undefined when the lines cannot be read back. */
  read(stored: Stored): string[] | undefined;
  /** The collector has these lines, or nobody ever will. */
  release(stored: Stored): void;
  /** Whether something of an earlier process is known to wait, or is on its way. */
  readonly hasOrphans: boolean;
  /** The next lines that a process which is gone left for this collector. */
  adopt(): Adopted | undefined;
  /** Looks for what processes left behind, unless it was looked for within `unlessWithinMs`. */
  search(unlessWithinMs: number): void;
  /** Tells other processes that this one is alive, and gets what the system still buffers onto the disk. */
  beat(): void;
  /** Leaves what is left to whoever comes next. */
  close(): void;
  /** Says who wants to know what had to give way. */
  watch(watcher: SpoolWatcher): void;
}

export interface Adopted {
  lines: string[];
  stored: Stored;
}

export interface SpoolWatcher {
  /** The file is gone: the spool was full. */
  evicted(segment: Segment): void;
  /** Lines that no batch stands for are lost. */
  lost(reason: string, items: number, runs: number): void;
}

/** Where there is no disk. */
export const noSpool: Spool = {
  append: () => undefined,
  read: () => undefined,
  release() {},
  hasOrphans: false,
  adopt: () => undefined,
  search() {},
  beat() {},
  close() {},
  watch() {},
};

/** A file is given back when all in it is settled, so files are small. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
/** After an error the disk is left alone for a while. */
const PAUSE_AFTER_ERROR_MS = 15_000;
const TOUCH_EVERY_MS = 15_000;

export interface SpoolDeps {
  report: (diagnostic: Diagnostic) => void;
  debug?: (line: string) => void;
  now: () => number;
  settings: {
    readonly spool: string | false | undefined;
    readonly spoolLimit: number;
    readonly durable: boolean;
    readonly url: string;
    readonly apiKey: string | undefined;
  };
  /** For tests. */
  lock?: SpoolLock;
}

/** One batch alone is more than the spool may hold, or living processes fill it. */
const FULL = new Error('the spool is full');

export function createSpool(deps: SpoolDeps): Spool {
  const { settings, now } = deps;
  const fs = builtin('node:fs')!;
  const path = builtin('node:path')!;
  const crc32 = builtin('node:zlib')?.crc32;
  if (!fs || !path || !crc32) return noSpool;
  const lock = deps.lock ?? createSpoolLock(fs);
  /** Open files: written by this process, or taken over. */
  const held = new Set<Segment>();
  /** The one that is written to. */
  let current: Segment | undefined;
  /** Left behind by processes that are gone, oldest first, for whatever collector. */
  let left: SpoolFile[] = [];
  /** Names of journals that were taken over and wait among them. */
  const taken = new Set<string>();
  /** Taken over and read, not given out yet. */
  let ready: Adopted[] = [];
  /** Bytes of all files that are not held. */
  let strangeBytes = 0;
  let openings: Openings | undefined;
  let broken = false;
  let brokenUntil = 0;
  let searchedAt = Number.NEGATIVE_INFINITY;
  let touchedAt = Number.NEGATIVE_INFINITY;
  let watcher: SpoolWatcher = { evicted() {}, lost() {} };

  const folder = () => (settings.spool === false ? undefined : (settings.spool ?? defaultSpoolFolder()));
  const target = () => targetOf(URL.canParse(settings.url) ? settings.url : NO_ADDRESS, settings.apiKey);
  const isForUs = (file: SpoolFile) =>
    file.target === target() || file.target === targetOf(NO_ADDRESS, settings.apiKey);
  const byAge = (a: SpoolFile, b: SpoolFile) => (a.age < b.age ? -1 : 1);

  /** Runs what may fail on the disk's account. */
  function attempt<T>(task: (folder: string) => T): T | undefined {
    const into = folder();
    if (!into || now() < brokenUntil) return undefined;
    try {
      const result = task(into);
      broken = false;
      return result;
    } catch (error) {
      if (error === FULL) return undefined;
      brokenUntil = now() + PAUSE_AFTER_ERROR_MS;
      if (!broken) {
        deps.report({
          kind: 'spool-unavailable',
          message: `Nothing can be kept in ${into} (${(error as { code?: string }).code ?? error}): what the collector has not acknowledged stays in memory. Set spool (OBSERVATORY_SPOOL) to a folder that can be written, or to false.`,
          cause: error,
        });
      }
      broken = true;
      return undefined;
    }
  }

  /** The file that is written to: a new one when the last is full, gone, or meant for another collector. */
  function writable(into: string, lines: readonly string[]): Segment {
    const kind = settings.durable ? 'journal' : 'spool';
    if (kind === 'journal') openings ??= createOpenings();
    makeRoom(
      into,
      lines.reduce((sum, line) => sum + line.length + 24, 0),
    );
    const last = current && held.has(current) ? current : undefined;
    if (
      last?.kind === kind &&
      last.size < Math.min(SEGMENT_BYTES, settings.spoolLimit / 8) &&
      last.target === target() &&
      path.dirname(last.path) === into
    ) {
      return last;
    }
    fs.mkdirSync(into, { recursive: true, mode: 0o700 });
    const file = fileOf(`${newAge()}.${target()}.${lock.owner}.${kind}`)!;
    const fresh = createSegment(fs, crc32!, file, path.join(into, file.name));
    held.add(fresh);
    // Where the disk has room for the name and for nothing in it, the file before goes on knowing what is open.
    if (openings) fresh.appendOpenings(openings.list());
    current = fresh;
    if (last?.outstanding === 0) remove(last);
    return current;
  }

  function write(into: string, lines: readonly string[]): Stored {
    const segment = writable(into, lines);
    if (segment.kind === 'journal') for (const line of lines) openings?.note(line);
    deps.debug?.(`${lines.length} items to ${segment.name}`);
    return segment.append(lines);
  }

  function remove(segment: Segment): void {
    held.delete(segment);
    segment.close();
    fs.rmSync(segment.path, { force: true });
  }

  /** The oldest give way, whoever left them. */
  function makeRoom(into: string, bytes: number): void {
    let total = bytes + strangeBytes;
    for (const { size } of held) total += size;
    while (total > settings.spoolLimit) {
      const oldest = [...held, ...left].sort(byAge)[0];
      if (!oldest) throw FULL;
      total -= oldest.size;
      const segment = held.has(oldest as Segment) ? (oldest as Segment) : claim(into, oldest);
      if (!segment) continue;
      const unread = ready.filter(({ stored }) => stored.segment === segment);
      ready = ready.filter((adopted) => !unread.includes(adopted));
      for (const { lines } of unread) watcher.lost('spool_full', lines.length, countRuns(lines));
      remove(segment);
      watcher.evicted(segment);
    }
  }

  /** Takes a file over and reads it; undefined when another process was faster, or nothing in it waits. */
  function claim(into: string, file: SpoolFile): Segment | undefined {
    left = left.filter((other) => other !== file);
    const from = path.join(into, file.name);
    try {
      const stat = fs.lstatSync(from);
      // Somebody else's file, or a link to one, is not ours to read.
      if (!stat.isFile() || stat.uid !== (nodeProcess?.getuid?.() ?? stat.uid)) return undefined;
      const to = rename(into, file, lock.owner);
      strangeBytes -= stat.size;
      const found = scan(fs.readFileSync(to, 'utf8'), crc32!);
      if (found.damaged > 0) watcher.lost('spool_damaged', found.damaged, 0);
      const renamed = { ...file, name: path.basename(to), orphan: true };
      const segment = createSegment(fs, crc32!, renamed, to, found);
      held.add(segment);
      deps.debug?.(`${found.lines.length} items from ${file.name}`);
      let first = 0;
      let bytes = 0;
      for (const [i, line] of found.lines.entries()) {
        bytes += line.length;
        const next = i + 1;
        if (!isWhole(next - first, bytes) && next < found.lines.length) continue;
        const lines = found.lines.slice(first, next);
        const stored = { segment, offset: 0, end: segment.size, from: first, count: lines.length };
        ready.push({ lines, stored });
        first = next;
        bytes = 0;
      }
      if (first > 0) return segment;
      remove(segment);
    } catch {
      // Taken by another process meanwhile.
    }
    return undefined;
  }

  function rename(into: string, file: SpoolFile, owner: string): string {
    const to = path.join(into, ownedBy(owner, file));
    fs.renameSync(path.join(into, file.name), to);
    return to;
  }

  /** Ends what the process that wrote these journals left open. Before anything of them is sent, let alone deleted. */
  function abandonOpenings(into: string, journals: SpoolFile[]): void {
    const open = createOpenings();
    let touchedMs = 0;
    for (const file of journals) {
      // Under this process's name first, so that no other process ends the same runs.
      const to = rename(into, file, lock.owner);
      const name = path.basename(to);
      taken.add(name);
      left.push({ ...file, name });
      const found = scan(fs.readFileSync(to, 'utf8'), crc32!);
      for (const opening of found.openings) open.note(opening);
      for (const line of found.lines) open.note(line);
      touchedMs = Math.max(touchedMs, fs.statSync(to).mtimeMs);
    }
    const lines = open.abandon(touchedMs);
    if (lines.length > 0) ready.push({ lines, stored: write(into, lines) });
  }

  function search(into: string): void {
    const known = new Set([...held].map(({ name }) => name));
    const journals = new Map<string, SpoolFile[]>();
    left = [];
    strangeBytes = 0;
    for (const name of fs.existsSync(into) ? fs.readdirSync(into) : []) {
      const stat = fs.lstatSync(path.join(into, name), { throwIfNoEntry: false });
      if (!stat?.isFile() || known.has(name)) continue;
      const file = fileOf(name, stat.size);
      if (!file) continue;
      strangeBytes += file.size;
      if (taken.has(name)) left.push(file);
      else if (!lock.isGone(file.owner, stat.mtimeMs)) continue;
      else if (file.kind === 'spool' || !isForUs(file)) left.push(file);
      else journals.set(file.owner, [...(journals.get(file.owner) ?? []), file]);
    }
    for (const group of journals.values()) attempt(() => abandonOpenings(into, group));
    left.sort(byAge);
  }

  return {
    append: (lines) => attempt((into) => write(into, lines)),
    read: (stored) => (held.has(stored.segment) ? stored.segment.read(stored) : undefined),
    release({ segment, count }) {
      segment.settle(count);
      if (segment.outstanding > 0 || !held.has(segment)) return;
      // A journal is emptied only while nothing is open; what is open is written down anew when its file is full.
      if (segment === current && segment.kind === 'journal' && openings?.size) return;
      try {
        if (segment === current) segment.empty();
        else remove(segment);
      } catch {
        // It stays on disk and is sent again by whoever comes next: stored once all the same.
      }
    },
    get hasOrphans() {
      return ready.length > 0 || left.some(isForUs) || [...held].some(({ orphan }) => orphan);
    },
    adopt() {
      const into = folder();
      while (into && ready.length === 0) {
        const file = left.find(isForUs);
        if (!file) break;
        claim(into, file);
      }
      return ready.shift();
    },
    search(unlessWithinMs) {
      const into = folder();
      if (!into || now() - searchedAt < unlessWithinMs) return;
      searchedAt = now();
      try {
        search(into);
      } catch {
        // A folder that cannot be read: what is in it waits for a process that can.
      }
    },
    beat() {
      const touch = now() - touchedAt >= TOUCH_EVERY_MS;
      if (touch) touchedAt = now();
      for (const segment of held) {
        try {
          if (touch && segment.size === 0) {
            remove(segment);
            continue;
          }
          segment.sync();
          const time = new Date();
          if (touch) fs.utimesSync(segment.path, time, time);
        } catch {
          // Taken by a process that thought this one gone (a suspended machine): a new file from here on.
          if (segment === current) current = undefined;
        }
      }
    },
    close() {
      for (const segment of held) {
        try {
          if (segment.outstanding === 0 && !(segment === current && openings?.size)) remove(segment);
          else {
            segment.close();
            // A journal keeps its owner: whoever comes next ends what that process left open.
            if (segment.kind === 'spool') rename(path.dirname(segment.path), segment, NOBODY);
          }
        } catch {
          // The process ends; the file is found by its owner's name.
        }
      }
      held.clear();
      current = undefined;
    },
    watch(given) {
      watcher = given;
    },
  };
}
