import { countRuns, MAX_BATCH_BYTES, MAX_BATCH_ITEMS } from './batch.js';
import type { Diagnostic } from './diagnostics.js';
import { createOpenings, type Openings } from './journal.js';
import { builtin } from './platform.js';
import { createSegment, type OwnSegment, type Segment, type Stored, scan } from './segment.js';
import {
  defaultSpoolFolder,
  NO_ADDRESS,
  nameOf,
  newAge,
  parseName,
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
  adopt(): { lines: string[]; stored: Stored } | undefined;
  /** Looks for what processes left behind, unless it was looked for within `unlessWithinMs`. */
  search(unlessWithinMs: number): void;
  /** Tells other processes that this one is alive, and gets what the system still buffers onto the disk. */
  beat(): void;
  /** Leaves what is left to whoever comes next. */
  close(): void;
  /** Says who wants to know what had to give way. */
  watch(watcher: SpoolWatcher): void;
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

interface Held {
  file: SpoolFile;
  segment: OwnSegment;
  /** Another process's, before. */
  orphan: boolean;
}

export function createSpool(deps: SpoolDeps): Spool {
  const { settings } = deps;
  const fs = builtin('node:fs')!;
  const path = builtin('node:path')!;
  const crc32 = builtin('node:zlib')?.crc32;
  if (!fs || !path || !crc32) return noSpool;
  const lock = deps.lock ?? createSpoolLock(fs);
  const held = new Map<Segment, Held>();
  /** Left behind by processes that are gone, oldest first: for this collector, and for others. */
  let orphans: SpoolFile[] = [];
  let strays: SpoolFile[] = [];
  let strangeBytes = 0;
  let current: Held | undefined;
  let reading: { lines: string[]; numbers: number[]; segment: OwnSegment } | undefined;
  const ready: { lines: string[]; stored: Stored }[] = [];
  let openings: Openings | undefined;
  let brokenUntil = 0;
  let searchedAt = Number.NEGATIVE_INFINITY;
  let touchedAt = Number.NEGATIVE_INFINITY;
  let watcher: SpoolWatcher = { evicted() {}, lost() {} };
  let broken = false;

  const folder = () => (settings.spool === false ? undefined : (settings.spool ?? defaultSpoolFolder()));
  const target = () => targetOf(URL.canParse(settings.url) ? settings.url : NO_ADDRESS, settings.apiKey);

  /** Runs what may fail on the disk's account. */
  function attempt<T>(task: (folder: string) => T): T | undefined {
    const into = folder();
    if (!into || deps.now() < brokenUntil) return undefined;
    try {
      const result = task(into);
      broken = false;
      return result;
    } catch (error) {
      if (error === FULL) return undefined;
      brokenUntil = deps.now() + PAUSE_AFTER_ERROR_MS;
      if (broken) return undefined;
      broken = true;
      deps.report({
        kind: 'spool-unavailable',
        message: `Nothing can be kept in ${into} (${(error as { code?: string }).code ?? error}): what the collector has not acknowledged stays in memory. Set spool (OBSERVATORY_SPOOL) to a folder that can be written, or to false.`,
        cause: error,
      });
      return undefined;
    }
  }

  function open(into: string, kind: SpoolFile['kind']): Held {
    fs.mkdirSync(into, { recursive: true, mode: 0o700 });
    const parts = { age: newAge(), target: target(), owner: lock.owner, kind };
    const file = { ...parts, name: nameOf(parts) };
    const segment = createSegment(fs, crc32!, path.join(into, file.name));
    if (openings) segment.appendOpenings(openings.list());
    const entry = { file, segment, orphan: false };
    held.set(segment, entry);
    return entry;
  }

  /** The file that is written to: a new one when the last is full, gone, or meant for another collector. */
  function writable(into: string, bytes: number): Held {
    const kind = settings.durable ? 'journal' : 'spool';
    if (kind === 'journal') openings ??= createOpenings();
    makeRoom(into, bytes);
    const limit = Math.min(SEGMENT_BYTES, settings.spoolLimit / 8);
    if (
      current &&
      held.has(current.segment) &&
      current.segment.size < limit &&
      current.file.kind === kind &&
      current.file.target === target() &&
      path.dirname(current.segment.path) === into
    ) {
      return current;
    }
    const last = current;
    current = open(into, kind);
    if (last && held.has(last.segment) && last.segment.outstanding === 0) remove(last);
    return current;
  }

  function remove(entry: Held): void {
    held.delete(entry.segment);
    entry.segment.close();
    fs.rmSync(entry.segment.path, { force: true });
  }

  /** The oldest give way, whoever left them. */
  function makeRoom(into: string, bytes: number): void {
    let total = bytes + strangeBytes;
    for (const { segment } of held.values()) total += segment.size;
    while (total > settings.spoolLimit) {
      const left = [...orphans, ...strays].sort((a, b) => (a.age < b.age ? -1 : 1))[0];
      const mine = [...held.values()].sort((a, b) => (a.file.age < b.file.age ? -1 : 1))[0];
      if (mine && (!left || mine.file.age < left.age)) {
        total -= mine.segment.size;
        if (reading?.segment === mine.segment) {
          watcher.lost('spool_full', reading.lines.length, countRuns(reading.lines));
          reading = undefined;
        }
        remove(mine);
        watcher.evicted(mine.segment);
      } else if (left) {
        orphans = orphans.filter((file) => file !== left);
        strays = strays.filter((file) => file !== left);
        const size = fs.statSync(path.join(into, left.name), { throwIfNoEntry: false })?.size ?? 0;
        const found = claim(into, left);
        if (found) {
          watcher.lost('spool_full', found.lines.length, countRuns(found.lines));
          remove(held.get(found.segment)!);
        }
        total -= size;
      } else throw FULL;
    }
  }

  /** Takes a file over; undefined when another process was faster or it is not what it seems. */
  function claim(into: string, file: SpoolFile): typeof reading {
    const from = path.join(into, file.name);
    const parts = { ...file, age: file.age, owner: lock.owner };
    const name = nameOf(parts);
    const to = path.join(into, name);
    try {
      const stat = fs.lstatSync(from);
      // Somebody else's file, or a link to one, is not ours to read.
      if (!stat.isFile() || stat.uid !== (process.getuid?.() ?? stat.uid)) return undefined;
      fs.renameSync(from, to);
      strangeBytes = Math.max(0, strangeBytes - stat.size);
      const found = scan(fs.readFileSync(to, 'utf8'), crc32!);
      if (found.damaged > 0) {
        watcher.lost('spool_damaged', found.damaged, 0);
      }
      const waiting = found.lines.filter(({ settled }) => !settled);
      const numbers = waiting.map(({ number }) => number);
      const next = (found.lines.at(-1)?.number ?? -1) + 1;
      const segment = createSegment(fs, crc32!, to, { numbers, next });
      held.set(segment, { file: { ...parts, name }, segment, orphan: true });
      return { lines: waiting.map(({ line }) => line), numbers, segment };
    } catch {
      return undefined;
    }
  }

  /** Ends what the processes that wrote these journals left open. Before anything of them is sent, let alone deleted. */
  function abandonOpenings(into: string, journals: SpoolFile[]): void {
    const open = createOpenings();
    let touchedMs = 0;
    for (const { name } of journals) {
      const at = path.join(into, name);
      const found = scan(fs.readFileSync(at, 'utf8'), crc32!);
      for (const opening of found.openings) open.note(opening);
      for (const { line } of found.lines) open.note(line);
      touchedMs = Math.max(touchedMs, fs.statSync(at).mtimeMs);
    }
    const lines = open.abandon(touchedMs);
    if (lines.length === 0) return;
    const entry = writable(into, lines.join('').length);
    const first = entry.segment.append(lines);
    const numbers = lines.map((_, i) => first + i);
    ready.push({ lines, stored: { segment: entry.segment, numbers } });
  }

  function search(): void {
    searchedAt = deps.now();
    const into = folder();
    if (!into) return;
    const mine = target();
    const anyAddress = targetOf(NO_ADDRESS, settings.apiKey);
    const journals = new Map<string, SpoolFile[]>();
    orphans = [];
    strays = [];
    strangeBytes = 0;
    let names: string[] = [];
    try {
      names = fs.readdirSync(into).sort();
    } catch {
      // No folder, nothing left behind.
    }
    for (const name of names) {
      const file = parseName(name);
      if (!file || file.owner === lock.owner) continue;
      const stat = fs.lstatSync(path.join(into, name), { throwIfNoEntry: false });
      if (!stat?.isFile()) continue;
      strangeBytes += stat.size;
      if (!lock.isGone(file.owner, stat.mtimeMs)) continue;
      if (file.target !== mine && file.target !== anyAddress) strays.push(file);
      else if (file.kind === 'spool' || file.owner === NOBODY) orphans.push(file);
      else journals.set(file.owner, [...(journals.get(file.owner) ?? []), file]);
    }
    for (const group of journals.values()) {
      attempt(() => {
        // Under this process's name first, so that no other process ends the same runs.
        const taken = group.flatMap((file) => {
          const parts = { ...file, owner: lock.owner };
          const renamed = { ...parts, name: nameOf(parts) };
          fs.renameSync(path.join(into, file.name), path.join(into, renamed.name));
          return [renamed];
        });
        abandonOpenings(into, taken);
        orphans.push(...taken);
      });
    }
  }

  return {
    append(lines) {
      return attempt((into) => {
        let bytes = 0;
        for (const line of lines) bytes += line.length + 24;
        const { segment, file } = writable(into, bytes);
        if (file.kind === 'journal') for (const line of lines) openings?.note(line);
        const first = segment.append(lines);
        return { segment, numbers: lines.map((_, i) => first + i) };
      });
    },
    read: ({ segment, numbers }) => held.get(segment)?.segment.read(numbers),
    release({ segment, numbers }) {
      const entry = held.get(segment);
      if (!entry) return;
      try {
        entry.segment.settle(numbers);
        const empty = segment.outstanding === 0 && reading?.segment !== segment;
        // A journal is emptied only while nothing is open; what is open is written down anew when its file is full.
        const keeps = entry.file.kind === 'journal' && entry === current && (openings?.size ?? 0) > 0;
        if (!empty || keeps) entry.segment.record(numbers);
        else if (entry === current) entry.segment.empty();
        else remove(entry);
      } catch {
        // It stays on disk and is sent again by whoever comes next: stored once all the same.
      }
    },
    get hasOrphans() {
      if (orphans.length > 0 || ready.length > 0 || reading) return true;
      for (const { orphan } of held.values()) if (orphan) return true;
      return false;
    },
    adopt() {
      const first = ready.shift();
      if (first) return first;
      while (!reading) {
        const file = orphans.shift();
        const into = folder();
        if (!file || !into) return undefined;
        reading = claim(into, file);
        if (reading?.lines.length === 0) {
          remove(held.get(reading.segment)!);
          reading = undefined;
        }
      }
      const { lines, numbers, segment } = reading;
      let count = 0;
      for (
        let bytes = 0;
        count < Math.min(lines.length, MAX_BATCH_ITEMS) && bytes < MAX_BATCH_BYTES;
        count++
      ) {
        bytes += lines[count]!.length;
      }
      const some = { lines: lines.splice(0, count), stored: { segment, numbers: numbers.splice(0, count) } };
      if (lines.length === 0) reading = undefined;
      return some;
    },
    search(unlessWithinMs) {
      if (deps.now() - searchedAt >= unlessWithinMs) search();
    },
    beat() {
      const touch = deps.now() - touchedAt >= TOUCH_EVERY_MS;
      if (touch) touchedAt = deps.now();
      for (const entry of [...held.values()]) {
        const { segment } = entry;
        try {
          if (touch && segment.size === 0) {
            remove(entry);
            continue;
          }
          segment.sync();
          const time = new Date();
          if (touch) fs.utimesSync(segment.path, time, time);
        } catch {
          // Taken by a process that thought this one gone (a suspended machine): a new file from here on.
          if (segment === current?.segment) current = undefined;
        }
      }
    },
    close() {
      for (const entry of [...held.values()]) {
        try {
          const unfinished =
            entry.segment.outstanding > 0 || (entry === current && (openings?.size ?? 0) > 0);
          if (!unfinished) remove(entry);
          else {
            entry.segment.close();
            // A journal keeps its owner: whoever comes next ends what that process left open.
            if (entry.file.kind === 'spool') {
              const name = nameOf({ ...entry.file, owner: NOBODY });
              fs.renameSync(entry.segment.path, path.join(path.dirname(entry.segment.path), name));
            }
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
