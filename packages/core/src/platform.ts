/**
 * What the runtime offers, found without a static Node import, so that the same file loads on Node, Bun, Deno, Workers
 * and in a bundle for the edge.
 */
interface BuiltinModules {
  'node:async_hooks': typeof import('node:async_hooks');
  'node:crypto': typeof import('node:crypto');
  'node:fs': typeof import('node:fs');
  'node:http': typeof import('node:http');
  'node:https': typeof import('node:https');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
  'node:worker_threads': typeof import('node:worker_threads');
  'node:zlib': typeof import('node:zlib');
}

interface ProcessLike {
  getBuiltinModule?: (name: string) => unknown;
  env?: Record<string, string | undefined>;
  versions?: Record<string, string | undefined>;
}

export const nodeProcess = (globalThis as { process?: ProcessLike & Partial<NodeJS.Process> }).process;

/** A Node built-in, or undefined where the runtime has none (an edge runtime, a browser bundle). */
export function builtin<Name extends keyof BuiltinModules>(name: Name): BuiltinModules[Name] | undefined {
  try {
    return nodeProcess?.getBuiltinModule?.(name) as BuiltinModules[Name] | undefined;
  } catch {
    return undefined;
  }
}

const environment = new Map<string, string | undefined>();

/**
 * An environment variable as it was when first asked for (reading one costs a microsecond); undefined where there is no
 * environment, it may not be read, or it is empty.
 */
export function env(name: string): string | undefined {
  if (!environment.has(name)) environment.set(name, readEnv(name));
  return environment.get(name);
}

/** Test helper: reads the environment anew. */
export const resetEnv = (): void => environment.clear();

function readEnv(name: string): string | undefined {
  try {
    return nodeProcess?.env?.[name] || undefined;
  } catch {
    return undefined;
  }
}

/** Whether timers and answers die with the request that asked for them: Workers, and Vercel's edge. */
export const forgetful: boolean =
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers' ||
  'EdgeRuntime' in globalThis;

/**
 * Whether this is Node itself. Bun, Deno and Workers offer Node's modules too, but their own `fetch` is the native one, and
 * timers and sockets of Workers lack what Node's have.
 */
export const isNode: boolean =
  nodeProcess?.versions?.node !== undefined &&
  nodeProcess.versions.bun === undefined &&
  nodeProcess.versions.deno === undefined &&
  !forgetful;
