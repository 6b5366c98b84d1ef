import type { builtin } from './platform.js';
import type { SpoolFile } from './spool-folder.js';

export type FileSystem = NonNullable<ReturnType<typeof builtin<'node:fs'>>>;
type Checksum = (data: string | Buffer) => number;

/**
 * One file of the spool or journal: a record a line, `<crc32> <number> <json>`, so that damage costs the damaged line and
 * no other. Two more kinds of record: `<crc32> - 3-7,9` says that the lines of these numbers are settled, and
 * `<crc32> + <json>` repeats, in a journal, what was open when earlier lines went away.
 */
export interface Segment extends SpoolFile {
  readonly path: string;
  /** Lines that are not settled. */
  readonly outstanding: number;
  /** Returns the number of each line. Throws when the disk does; then nothing is written. */
  append(lines: readonly string[]): number[];
  appendOpenings(openings: readonly string[]): void;
  /** undefined when a line is gone or damaged. */
  read(numbers: readonly number[]): string[] | undefined;
  /** Forgets that these lines wait; `record` leaves that in the file for whoever reads it next. */
  settle(numbers: readonly number[]): void;
  record(settled: readonly number[]): void;
  /** Takes every record out. Only when nothing is outstanding. */
  empty(): void;
  sync(): void;
  close(): void;
}

/** Where sealed lines stand on disk. */
export interface Stored {
  segment: Segment;
  /** Number of each line within its segment, in the order of the lines. */
  numbers: number[];
}

/** What stands in a file. */
export interface Scan {
  lines: { number: number; line: string; settled: boolean }[];
  openings: string[];
  /** Records that were damaged. */
  damaged: number;
}

const SEPARATOR = /^([0-9a-f]{8}) (\d+|[-+]) /;

export function createSegment(
  fs: FileSystem,
  crc32: Checksum,
  file: SpoolFile,
  path: string,
  existing?: { numbers: number[]; next: number },
): Segment {
  const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW = 0 } = fs.constants;
  // Never through a link that somebody left in the folder.
  const fd = fs.openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW | (existing ? 0 : O_CREAT | O_EXCL), 0o600);
  let size = existing ? fs.fstatSync(fd).size : 0;
  let next = existing?.next ?? 0;
  let dirty = false;
  let closed = false;
  const unsettled = new Set<number>(existing?.numbers);
  /** Where lines stand, so that a few of them can be read without the whole file. */
  const blocks: { first: number; end: number; offset: number; length: number }[] = existing
    ? [{ first: 0, end: next, offset: 0, length: size }]
    : [];

  const record = (body: string) => `${hex(crc32(body))} ${body}\n`;

  function write(bytes: Buffer): number {
    try {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      // A full disk took half of it: the half goes, so that the next record starts on a line of its own.
      fs.ftruncateSync(fd, size);
      throw error;
    }
    size += bytes.length;
    dirty = true;
    return bytes.length;
  }

  return {
    ...file,
    path,
    get size() {
      return size;
    },
    get outstanding() {
      return unsettled.size;
    },
    append(lines) {
      const numbers = lines.map((_, i) => next + i);
      const offset = size;
      blocks.push({
        first: next,
        end: next + lines.length,
        offset,
        length: write(records(next, lines, crc32)),
      });
      next += lines.length;
      for (const number of numbers) unsettled.add(number);
      return numbers;
    },
    appendOpenings(openings) {
      if (openings.length > 0) write(Buffer.from(openings.map((opening) => record(`+ ${opening}`)).join('')));
    },
    read(numbers) {
      try {
        const lines: string[] = [];
        let block: (typeof blocks)[number] | undefined;
        let found = new Map<number, string>();
        for (const number of numbers) {
          if (!block || number < block.first || number >= block.end) {
            block = blocks.find(({ first, end }) => number >= first && number < end);
            if (!block) return undefined;
            const bytes = Buffer.alloc(block.length);
            fs.readSync(fd, bytes, 0, block.length, block.offset);
            found = new Map(scan(bytes.toString(), crc32).lines.map(({ number, line }) => [number, line]));
          }
          const line = found.get(number);
          if (line === undefined) return undefined;
          lines.push(line);
        }
        return lines;
      } catch {
        return undefined;
      }
    },
    settle(numbers) {
      for (const number of numbers) unsettled.delete(number);
    },
    record(numbers) {
      write(Buffer.from(record(`- ${ranges(numbers)}`)));
    },
    empty() {
      fs.ftruncateSync(fd, 0);
      size = 0;
      blocks.length = 0;
    },
    sync() {
      if (!dirty || closed) return;
      dirty = false;
      fs.fsync(fd, () => {});
    },
    close() {
      if (closed) return;
      closed = true;
      fs.closeSync(fd);
    },
  };
}

/** `<crc32> <number> <json>`, a line each, made where they are written from: as texts they would be copied three times. */
function records(first: number, lines: readonly string[], crc32: Checksum): Buffer {
  let size = 0;
  for (let i = 0; i < lines.length; i++) {
    size += SUM_LENGTH + `${first + i}`.length + 2 + Buffer.byteLength(lines[i]!);
  }
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (let i = 0; i < lines.length; i++) {
    const start = at + SUM_LENGTH;
    at = start + bytes.write(`${first + i} `, start, 'latin1');
    at += bytes.write(lines[i]!, at);
    bytes.write(`${hex(crc32(bytes.subarray(start, at)))} `, start - SUM_LENGTH, 'latin1');
    bytes[at++] = NEWLINE;
  }
  return bytes;
}

const NEWLINE = 0x0a;
const hex = (sum: number) => sum.toString(16).padStart(8, '0');
/** The checksum and the space after it. */
const SUM_LENGTH = 9;

/** Reads what stands in a file's text. A line that is damaged, or whose end is missing, is counted and skipped. */
export function scan(text: string, crc32: Checksum): Scan {
  const found = new Map<number, { number: number; line: string; settled: boolean }>();
  const openings: string[] = [];
  let damaged = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const row = text.slice(start, end);
    start = end + 1;
    const [head, sum, kind] = SEPARATOR.exec(row) ?? [];
    if (head === undefined || newline === -1 || Number.parseInt(sum!, 16) !== crc32(row.slice(SUM_LENGTH))) {
      if (row !== '') damaged++;
      continue;
    }
    const rest = row.slice(head.length);
    if (kind === '+') openings.push(rest);
    else if (kind === '-') {
      for (const range of rest.split(',')) {
        const [first, last = first] = range.split('-').map(Number);
        for (let number = first!; number <= last!; number++) {
          const line = found.get(number);
          if (line) line.settled = true;
        }
      }
    } else found.set(Number(kind), { number: Number(kind), line: rest, settled: false });
  }
  return { lines: [...found.values()], openings, damaged };
}

/** `3-7,9` for 3, 4, 5, 6, 7, 9. */
function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const first = numbers[i]!;
    let last = first;
    while (numbers[i + 1] === last + 1) {
      last++;
      i++;
    }
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(',');
}
