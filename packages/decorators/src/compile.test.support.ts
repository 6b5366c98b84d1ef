import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from 'esbuild';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

type TypeScript = typeof import('typescript-5');

const compilers: Record<string, (source: string, legacy: boolean) => Promise<string>> = {
  esbuild: async (source, legacy) =>
    (
      await transform(source, {
        loader: 'ts',
        target: 'es2022',
        tsconfigRaw: { compilerOptions: { experimentalDecorators: legacy } },
      })
    ).code,
  'TypeScript 5.9': async (source, legacy) => {
    const ts = require('typescript-5') as TypeScript;
    return ts.transpileModule(source, {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        experimentalDecorators: legacy,
      },
    }).outputText;
  },
};

/** Every compiler that can run in a test, by both standards. */
export const COMPILERS = Object.keys(compilers).flatMap((compiler) => [
  { compiler, standard: 'TC39' },
  { compiler, standard: 'experimentalDecorators' },
]);

/** A folder that sees this package and what it depends on, removed at the end. */
export function workspace(): { dir: string; [Symbol.dispose](): void } {
  const dir = mkdtempSync(join(tmpdir(), 'observe-'));
  symlinkSync(join(here, '..', 'node_modules'), join(dir, 'node_modules'), 'dir');
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** What a module exports whose source has decorators, which Node itself cannot read. */
export async function load<Module>(
  { compiler, standard }: { compiler: string; standard: string },
  source: string,
): Promise<Module> {
  using made = workspace();
  const file = join(made.dir, 'module.js');
  const compile = compilers[compiler];
  if (!compile) throw new Error(`no compiler called ${compiler}`);
  const js = await compile(source, standard === 'experimentalDecorators');
  // The package itself, as built.
  const built = pathToFileURL(join(here, '..', 'dist', 'index.js')).href;
  writeFileSync(
    file,
    js
      .replaceAll('"@observatory/decorators"', JSON.stringify(built))
      .replaceAll("'@observatory/decorators'", JSON.stringify(built)),
  );
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Module;
}

/** The compiler's messages about a source, without emitting anything. */
export async function typeErrors(version: '5.9' | '7', source: string, legacy: boolean): Promise<string[]> {
  using made = workspace();
  const file = join(made.dir, 'module.ts');
  writeFileSync(file, source);
  writeFileSync(
    join(made.dir, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: true,
        types: [],
        experimentalDecorators: legacy,
        paths: { '@observatory/decorators': [join(here, '..', 'dist', 'index.d.ts')] },
      },
      files: ['module.ts'],
    }),
  );
  const from = version === '7' ? createRequire(join(here, '..', '..', '..', 'package.json')) : require;
  const manifest = from.resolve(version === '7' ? 'typescript/package.json' : 'typescript-5/package.json');
  const { bin } = from(manifest) as { bin: { tsc: string } };
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [join(dirname(manifest), bin.tsc), '-p', made.dir], (_error, stdout) =>
      resolve(stdout),
    );
  });
  return output.split('\n').filter((line) => line.includes('error'));
}
