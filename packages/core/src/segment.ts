import type { builtin } from './platform.js';
import type { SpoolFile } from './spool-folder.js';

export type FileSystem = NonNullable<ReturnType<typeof builtin<'node:fs'>>>;
type Checksum = (data: string | Buffer) => number;

/**
 * One file of the spool or journal: a record a line, `<crc32> <json>`, so that damage costs the damaged line and no other.
 * `<crc32> +<json>` repeats, in a journal, what was open when earlier lines went away. A file goes when all in it is
 * settled; what of it was delivered before a crash is delivered twice, and stored once.
 */
export interface Segment extends SpoolFile {
  readonly path: string;
  /** Lines that are not settled. */
  readonly outstanding: number;
  /** Throws when the disk does; then nothing is written. */
  append(lines: readonly string[]): Stored;
  appendOpenings(openings: readonly string[]): void;
  /** undefined when a line is gone or damaged. */
  read(stored: Stored): string[] | undefined;
  /** That many lines need no place any more. */
  settle(count: number): void;
  /** Takes every record out. Only when nothing is outstanding. */
  empty(): void;
  sync(): void;
  close(): void;
}

/** Where sealed lines stand on disk. */
export interface Stored {
  segment: Segment;
  /** Bytes, in which they are `count` lines after the first `from`. */
  offset: number;
  end: number;
  from: number;
  count: number;
}

/** What stands in a file. */
export interface Scan {
  lines: string[];
  openings: string[];
  /** Records that were damaged. */
  damaged: number;
}

/** The checksum and the space after it. */
const SUM_LENGTH = 9;
const NEWLINE = 0x0a;

/** @param found what a file holds that another process wrote */
export function createSegment(
  fs: FileSystem,
  crc32: Checksum,
  file: SpoolFile,
  path: string,
  found?: Scan,
): Segment {
  const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW = 0 } = fs.constants;
  // Never through a link that somebody left in the folder.
  const fd = fs.openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW | (found ? 0 : O_CREAT | O_EXCL), 0o600);
  let size = found ? fs.fstatSync(fd).size : 0;
  let outstanding = found?.lines.length ?? 0;
  let dirty = false;
  let closed = false;

  function write(bodies: readonly string[]): void {
    const bytes = records(bodies, crc32);
    try {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      // A full disk took half of it: the half goes, so that the next record starts on a line of its own.
      fs.ftruncateSync(fd, size);
      throw error;
    }
    size += bytes.length;
    dirty = true;
  }

  const segment: Segment = {
    ...file,
    path,
    get size() {
      return size;
    },
    get outstanding() {
      return outstanding;
    },
    append(lines) {
      const offset = size;
      write(lines);
      outstanding += lines.length;
      return { segment, offset, end: size, from: 0, count: lines.length };
    },
    appendOpenings(openings) {
      write(openings.map((opening) => `+${opening}`));
    },
    read({ offset, end, from, count }) {
      try {
        const bytes = Buffer.alloc(end - offset);
        fs.readSync(fd, bytes, 0, bytes.length, offset);
        const { lines, damaged } = scan(bytes.toString(), crc32);
        if (damaged > (found?.damaged ?? 0) || lines.length < from + count) return undefined;
        return lines.slice(from, from + count);
      } catch {
        return undefined;
      }
    },
    settle(count) {
      outstanding -= count;
    },
    empty() {
      fs.ftruncateSync(fd, 0);
      size = 0;
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
  return segment;
}

/** Made where they are written from: as texts they would be copied three times. */
function records(bodies: readonly string[], crc32: Checksum): Buffer {
  let size = 0;
  for (const body of bodies) size += SUM_LENGTH + Buffer.byteLength(body) + 1;
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const body of bodies) {
    const start = at + SUM_LENGTH;
    const end = start + bytes.write(body, start);
    bytes.write(sum(bytes.subarray(start, end), crc32), at, 'latin1');
    bytes[end] = NEWLINE;
    at = end + 1;
  }
  return bytes;
}

const sum = (body: string | Buffer, crc32: Checksum) => `${crc32(body).toString(16).padStart(8, '0')} `;

/** Reads what stands in a file's text. A line that is damaged, or whose end is missing, is counted and skipped. */
export function scan(text: string, crc32: Checksum): Scan {
  const found: Scan = { lines: [], openings: [], damaged: 0 };
  const rows = text.split('\n');
  // What has no end is damaged, unless it is nothing.
  if (rows.pop() !== '') found.damaged++;
  for (const row of rows) {
    const body = row.slice(SUM_LENGTH);
    if (row.slice(0, SUM_LENGTH) !== sum(body, crc32)) found.damaged++;
    else if (body.startsWith('+')) found.openings.push(body.slice(1));
    else found.lines.push(body);
  }
  return found;
}
