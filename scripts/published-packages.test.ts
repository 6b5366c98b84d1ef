import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { checkPackage, Package } from '@arethetypeswrong/core';
import { type BuildOptions, build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleCore } from './bundle-core.js';

const root = join(import.meta.dirname, '..');

interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  files: string[];
  publishConfig?: object;
  dependencies?: Record<string, string>;
}

const manifestOf = (dir: string) => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest;

const packages = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name))
  .map((dir) => ({ dir, manifest: manifestOf(dir) }))
  .filter(({ manifest }) => !manifest.private);

/** Core's bundle and nothing else, in a folder of its own. */
const core = mkdtempSync(join(tmpdir(), 'observatory-core-'));
beforeAll(async () => {
  await bundleCore(join(core, 'bundle'));
  const { publishConfig, ...manifest } = manifestOf(join(root, 'packages/core'));
  writeFileSync(join(core, 'package.json'), JSON.stringify({ ...manifest, ...publishConfig }));
});
afterAll(() => rmSync(core, { recursive: true }));

/** The built files a package publishes, as a registry would hold them. */
function published(dir: string, manifest: Manifest): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  if (manifest.publishConfig) addTo(files, core, manifest);
  addTo(files, dir, manifest);
  return files;
}

function addTo(files: Record<string, Uint8Array>, dir: string, manifest: Manifest): void {
  const add = (path: string) => {
    const full = join(dir, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) for (const name of readdirSync(full)) add(join(path, name));
    else if (!/\.test\.|\.tsbuildinfo$/.test(path)) {
      files[`/node_modules/${manifest.name}/${path}`] ??= readFileSync(full);
    }
  };
  for (const path of ['package.json', 'bundle', 'dist', 'src']) add(path);
}

describe.each(packages.map(({ dir, manifest }) => [manifest.name, dir, manifest] as const))(
  '%s',
  (_name, dir, manifest) => {
    test('is published as publint wants it', async () => {
      const files = Object.entries(published(dir, manifest)).map(([path, data]) => ({
        name: path.replace(`/node_modules/${manifest.name}`, 'package'),
        data: data as Uint8Array<ArrayBuffer>,
      }));
      const { messages, pkg } = await publint({ pkgDir: 'package', strict: true, pack: { files } });
      expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    });

    test('resolves to the right types under node16 and bundlers', async () => {
      const files = published(dir, manifest);
      const { problems = [] } = (await checkPackage(new Package(files, manifest.name, manifest.version))) as {
        problems?: { kind: string; resolutionKind?: string }[];
      };
      // ESM only: require() of it is for Node's own require(esm), and node10 is long gone.
      const relevant = problems.filter(
        ({ kind, resolutionKind }) => resolutionKind !== 'node10' && kind !== 'CJSResolvesToESM',
      );
      expect(relevant).toEqual([]);
    });
  },
);

describe('@observatory/core', () => {
  const bundle = async (options: BuildOptions) => {
    const { outputFiles } = await build({
      // The package refers to itself by its name, as an app that has it installed would.
      stdin: { contents: `export { configure, flush, run } from '@observatory/core'`, resolveDir: core },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      logLevel: 'silent',
      ...options,
    });
    return outputFiles![0]!.text;
  };
  const forNode = () => bundle({ platform: 'node' });
  const forEdge = () => bundle({ platform: 'neutral', conditions: ['workerd', 'worker', 'browser'] });
  const forAnything = () => bundle({ platform: 'neutral' });

  test('has no dependency', () => {
    const { dependencies } = manifestOf(join(root, 'packages/core'));
    expect(dependencies ?? {}).toEqual({});
  });

  test.each([forNode, forEdge, forAnything])(
    'imports nothing of Node statically, so that it loads on the edge (%#)',
    async (bundled) => {
      expect(await bundled()).not.toMatch(/\bimport\b[^(;]{0,80}["'](?:node:|fs|http|async_hooks)/);
    },
  );

  test('carries into a bundle only what the place it is for can use', async () => {
    const [node, edge, anything] = await Promise.all([forNode(), forEdge(), forAnything()]);
    for (const only of ['node:fs', 'node:http', 'zstdCompress', 'beforeExit']) {
      expect(node).toContain(only);
      expect(edge).not.toContain(only);
      expect(anything).toContain(only);
    }
    for (const only of ['CompressionStream', 'Math.cbrt']) {
      expect(node).not.toContain(only);
      expect(edge).toContain(only);
      expect(anything).toContain(only);
    }
  });

  test.each([
    ['Node', []],
    ['the edge', ['--conditions=workerd']],
  ])('its entries are one package on %s', (_place, conditions) => {
    const program = `
      import { flush, run } from '@observatory/core';
      import { seal, setOutbox } from '@observatory/core/recorder';
      import '@observatory/core/wire';
      const lines = [];
      setOutbox({ eager: false, add: (item) => lines.push(...seal(item)), acknowledged: async () => {}, flush: async () => {} });
      await run({ runId: 'r' }).prompt('p').response('a').end();
      await flush();
      console.log(lines.join());`;
    const output = execFileSync(process.execPath, [...conditions, '--input-type=module', '-e', program], {
      cwd: core,
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toMatchObject({ type: 'run', run_id: 'r', response: 'a', outcome: 'ok' });
  });

  // The design's budget is 12 KB. The promise that nothing is lost is the larger half of it. These bounds are here so that
  // growth is a decision.
  test.each([
    ['Node', forNode, 22_900],
    ['the edge', forEdge, 19_300],
  ])('does not grow unnoticed on %s', async (_place, bundled, limit) => {
    expect(gzipSync(await bundled(), { level: 9 }).length).toBeLessThan(limit);
  });
});
