import type { Segment, Stored } from './segment.js';

/** Sealed lines on disk: what does not fit into memory, what outlives the process, and what earlier processes left. */
export interface Spool {
  /** undefined when it cannot be kept: no disk, no room. Never throws. */
  append(lines: readonly string[]): Stored | undefined;
  /** undefined when the lines cannot be read back. */
  read(stored: Stored): string[] | undefined;
  /** The collector has these lines, or nobody ever will. */
  release(stored: Stored): void;
  /** Whether the lines are still on disk: the oldest give way when the spool is full. */
  holds(segment: Segment): boolean;
  /** Whether something of an earlier process is known to wait, or is on its way. */
  readonly hasOrphans: boolean;
  /** The next lines that a process which is gone left for this collector. */
  adopt(): { lines: string[]; stored: Stored } | undefined;
  /** Looks again for what processes left behind. */
  search(): void;
  /** Tells other processes that this one is alive, and gets what the system still buffers onto the disk. */
  beat(): void;
  /** Leaves what is left to whoever comes next. */
  close(): void;
}

/** Where there is no disk. */
export const noSpool: Spool = {
  append: () => undefined,
  read: () => undefined,
  release() {},
  holds: () => false,
  hasOrphans: false,
  adopt: () => undefined,
  search() {},
  beat() {},
  close() {},
};
