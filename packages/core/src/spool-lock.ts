import { builtin, nodeProcess } from './platform.js';
import type { FileSystem } from './segment.js';

/** An owner that cannot be asked about (another container on the same folder, a thread) is gone after this silence. */
export const SILENCE_MS = 60_000;

/** The owner of what its owner let go. */
export const NOBODY = 'free';

/**
 * Who owns a file of the spool stands in the file's name, so that taking over is one atomic rename and there is no lock
 * file to leave behind. A name says machine and process namespace, process id, the process's start time (ids are used
 * again), and thread.
 */
export interface SpoolLock {
  /** This thread of this process. */
  readonly owner: string;
  /** Whether the owner of a file, last touched at `touchedMs`, will not come back. */
  isGone(owner: string, touchedMs: number): boolean;
}

export function createSpoolLock(fs: FileSystem): SpoolLock {
  const pid = nodeProcess?.pid ?? 0;
  const machine = machineName(fs);
  const startTime = startTimeOf(fs, 'self') ?? '0';
  const thread = builtin('node:worker_threads')?.threadId ?? 0;
  const owner = `${machine}-${pid}-${startTime}-${thread}`;

  return {
    owner,
    isGone(other, touchedMs) {
      if (other === NOBODY) return true;
      if (other === owner) return false;
      const silent = Date.now() - touchedMs > SILENCE_MS;
      const [itsMachine, itsPid, itsStart, itsThread] = other.split('-');
      // Another machine, container or boot: nothing but its silence can be observed.
      if (itsMachine !== machine) return silent;
      if (!isRunning(Number(itsPid))) return true;
      const start = startTimeOf(fs, itsPid!);
      if (start === undefined || itsStart === '0') return silent;
      if (start !== itsStart) return true;
      // The process lives; a thread of it may have ended.
      return itsThread !== '0' && silent;
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    nodeProcess?.kill?.(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** In ticks since boot (field 22 of proc(5) stat); undefined where there is no /proc. */
function startTimeOf(fs: FileSystem, pid: string): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may hold spaces and brackets itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Eight hexadecimal digits for this boot of this machine, and this process namespace on it. */
function machineName(fs: FileSystem): string {
  const read = (get: () => string) => {
    try {
      return get();
    } catch {
      return '';
    }
  };
  const names = [
    read(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
    read(() => fs.readlinkSync('/proc/self/ns/pid')),
    read(() => builtin('node:os')?.hostname() ?? ''),
  ];
  const hash = builtin('node:crypto')?.createHash('sha256').update(names.join('\n')).digest('hex');
  return (hash ?? '0').slice(0, 8);
}
