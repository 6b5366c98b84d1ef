import { readable } from './reading.js';

const ENTRY = '@langchain/core/callbacks/manager';
/** The file that holds the class, in every copy, for ESM and CommonJS, in 0.3 and 1.x. */
const HOLDER = /[/\\]@langchain[/\\]core[/\\]dist[/\\]callbacks[/\\]manager\.c?js$/;
const WRAP = Symbol.for('observatory.langchain.wrap.v1');

interface LoadResult {
  format?: string | null;
  source?: string | ArrayBuffer | Uint8Array | null;
  shortCircuit?: boolean;
}

type NextLoad = (url: string, context: unknown) => LoadResult;

interface ModuleBuiltin {
  createRequire(from: string): NodeJS.Require;
  registerHooks?(hooks: { load(url: string, context: unknown, nextLoad: NextLoad): LoadResult }): unknown;
}

const builtin = <T>(name: string): T | undefined =>
  readable(() => globalThis.process?.getBuiltinModule?.(name as 'node:module') as unknown as T);

/**
 * Hands over every copy of LangChain's `CallbackManager` in the process: those that are loaded, the ESM copy that the app
 * is going to load anyway, and, where Node lets us see modules load, every further one. Returns how many there are by now.
 */
export function everyCallbackManager(wrap: (CallbackManager: unknown) => void): number {
  const module = builtin<ModuleBuiltin>('node:module');
  if (!module) return 0;
  const watching = watchLoads(module, wrap);
  const seen = new Set<string>();
  let found = 0;
  const take = (exports: unknown) => {
    found++;
    wrap((exports as { CallbackManager?: unknown } | undefined)?.CallbackManager);
  };
  for (const require of requiresOf(module)) {
    const commonjs = readable(() => require.resolve(ENTRY));
    if (commonjs === undefined || seen.has(commonjs)) continue;
    seen.add(commonjs);
    // Node's require() of an ES module gives the very instance that import gives.
    readable(() => take(require(commonjs.replace(/\.cjs$/, '.js'))));
    // The CommonJS copy is another class. Loading it for nothing would cost an ESM app a tenth of a second.
    if (!watching || Object.keys(require.cache).some((file) => HOLDER.test(file) && file.endsWith('.cjs'))) {
      readable(() => take(require(commonjs)));
    }
  }
  return found;
}

/** From here, from the app's entry and from the working directory: packages may have copies of their own. */
function requiresOf(module: ModuleBuiltin): NodeJS.Require[] {
  const bases = [import.meta.url, globalThis.process?.argv?.[1], `${globalThis.process?.cwd?.() ?? ''}/`];
  return bases.flatMap((base) => {
    const require = base ? readable(() => module.createRequire(base)) : undefined;
    return require ? [require] : [];
  });
}

/** Adds a line to the file that holds the class, so that each copy is handed over as it is loaded. Node 22.15 and later. */
function watchLoads(module: ModuleBuiltin, wrap: (CallbackManager: unknown) => void): boolean {
  if (!module.registerHooks) return false;
  const registry = globalThis as unknown as Record<symbol, unknown>;
  if (registry[WRAP]) return true;
  Object.defineProperty(registry, WRAP, { value: wrap, configurable: true });
  module.registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!HOLDER.test(url)) return loaded;
      return readable(() => withHandover(url, loaded)) ?? loaded;
    },
  });
  return true;
}

function withHandover(url: string, loaded: LoadResult): LoadResult {
  const files = builtin<typeof import('node:fs')>('node:fs');
  const source = loaded.source ?? files?.readFileSync(new URL(url));
  if (source === undefined || source === null) return loaded;
  const code = typeof source === 'string' ? source : new TextDecoder().decode(source);
  const handover = `globalThis[Symbol.for(${JSON.stringify(WRAP.description)})]?.(CallbackManager);`;
  return { ...loaded, source: `${code}\n${handover}\n`, shortCircuit: true };
}
