import { builtin, env, nodeProcess } from './platform.js';

/** The user's folder for state that should survive a restart, by the customs of the system; undefined where there is none. */
export function defaultSpoolFolder(): string | undefined {
  const path = builtin('node:path');
  const home = builtin('node:os')?.homedir();
  if (!path || !home) return undefined;
  switch (nodeProcess?.platform) {
    case 'darwin':
      return path.join(home, 'Library', 'Application Support', 'observatory', 'spool');
    case 'win32':
      return path.join(env('LOCALAPPDATA') ?? path.join(home, 'AppData', 'Local'), 'observatory', 'spool');
    default:
      // https://specifications.freedesktop.org/basedir-spec/latest/
      return path.join(env('XDG_STATE_HOME') ?? path.join(home, '.local', 'state'), 'observatory', 'spool');
  }
}

/** A file of the spool, by its name. */
export interface SpoolFile {
  name: string;
  /** Sorts by age. */
  age: string;
  /** What the lines are for: a fingerprint of the collector's address and the key. */
  target: string;
  owner: string;
  kind: 'spool' | 'journal';
  /** Bytes, when it was last looked at. */
  readonly size: number;
  /** Another process's, before. */
  orphan?: boolean;
}

const NAME = /^([0-9a-z]{9}-[0-9a-z]+)\.([0-9a-f]{12})\.([0-9a-z-]+)\.(spool|journal)$/;

/** undefined for a file that is no part of the spool. */
export function fileOf(name: string, size = 0): SpoolFile | undefined {
  const [, age, target, owner, kind] = NAME.exec(name) ?? [];
  return kind ? ({ name, age, target, owner, kind, size } as SpoolFile) : undefined;
}

/** The same file in another's hands. */
export const ownedBy = (owner: string, { age, target, kind }: SpoolFile): string =>
  `${age}.${target}.${owner}.${kind}`;

let files = 0;

/** Sorts by time, and within one millisecond of one thread by order. */
export function newAge(): string {
  const order = (files++ % 36 ** 4).toString(36).padStart(4, '0');
  const random = Math.random().toString(36).slice(2, 8);
  return `${Date.now().toString(36).padStart(9, '0')}-${order}${random}`;
}

/** For lines that were recorded while the address was no URL at all: for any collector this key is used with. */
export const NO_ADDRESS = '';

/**
 * Twelve hexadecimal digits: enough to keep what is meant for one collector and project from reaching another, too few to
 * tell anything about the key, which is never written.
 */
export function targetOf(address: string, apiKey: string | undefined): string {
  const hash = builtin('node:crypto')
    ?.createHash('sha256')
    .update(`${address}\n${apiKey ?? ''}`)
    .digest('hex');
  return (hash ?? '').slice(0, 12).padEnd(12, '0');
}
