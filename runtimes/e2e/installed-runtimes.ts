import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

const require = createRequire(import.meta.url);

/** A binary that an optional dependency brought, or undefined on a platform it does not exist for. */
export function binary(name: string): string | undefined {
  try {
    const path = require.resolve(name);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** A Node on the path that is not the repository's own, for the oldest line that is supported. */
function otherNode(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (folder.includes('node_modules') || !existsSync(node)) continue;
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    const supported = major > 20 || (major === 20 && minor >= 19);
    if (supported && major !== Number(process.versions.node.split('.')[0])) return node;
  }
  return undefined;
}

/** Every runtime the SDK promises that runs a file by itself; `path` is undefined where this machine has none. */
export const runtimes = [
  { name: 'node', path: process.execPath, args: [] },
  { name: 'other-node', path: otherNode(), args: [] },
  { name: 'bun', path: binary('@oven/bun-linux-x64/bin/bun'), args: ['run'] },
  { name: 'deno', path: binary('@deno/linux-x64-glibc/deno'), args: ['run', '--allow-all'] },
];
