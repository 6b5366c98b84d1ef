import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Scene } from './fault-scene.ts';

/** Whether this machine lets a process have a file system of its own. */
export const canMount = () =>
  spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()], { stdio: 'ignore' }).status === 0;
export const NO_MOUNT = 'NOT PLAYED: no file system can be mounted here; the row with ulimit stands';

/** Runs the host with its spool on a file system of `bytes`, `filled` of them taken; it goes when the host does. */
export const onSmallDisk = ({ spool }: Scene, bytes: number, filled: number): string[] => [
  ...['unshare', '-Urm', 'sh', '-c'],
  `mkdir -m 700 '${spool}' && mount -t tmpfs -o size=${Math.ceil(bytes / 1024)}k,mode=700 tmpfs '${spool}' &&
    head -c ${filled} /dev/zero > '${spool}/filler' && exec "$@"`,
  'sh',
];

/** What the host said about a disk that is full; undefined when it said nothing. */
export function fullDisk(scene: Scene) {
  const told = scene
    .diagnostics()
    .filter(({ kind, message }) => kind === 'spool-unavailable' && message.includes('ENOSPC'));
  return told.length > 0 ? told : undefined;
}
