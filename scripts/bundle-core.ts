import { join } from 'node:path';
import { build } from 'esbuild';

/** What core's `imports` in package.json tell apart, as the conditions that a runtime or a bundler resolves with. */
const PLACES = { node: ['node'], edge: ['workerd'], any: [] };

const core = join(import.meta.dirname, '../packages/core');

/**
 * Core as it is published: a file per entry and one that they share, instead of one per idea. Loading it takes a quarter of the
 * time; a process that answers one request and ends notices.
 */
export async function bundleCore(folder = join(core, 'bundle')): Promise<void> {
  for (const [place, conditions] of Object.entries(PLACES)) {
    await build({
      entryPoints: ['index', 'recorder', 'wire'].map((entry) => join(core, 'dist', `${entry}.js`)),
      outdir: join(folder, place),
      conditions,
      bundle: true,
      splitting: true,
      chunkNames: 'shared-[hash]',
      platform: 'neutral',
      format: 'esm',
      target: 'es2022',
      sourcemap: true,
      sourcesContent: false,
      logLevel: 'error',
    });
  }
}

if (process.argv[1] === import.meta.filename) await bundleCore();
