/**
 * Every TypeScript block of the READMEs and guides is compiled and run: each as a module in a process of its own, inside the
 * package whose README it is, so that it imports what a reader would import. How a page tells what a block needs is in
 * CONTRIBUTING.md.
 */
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { type MarkdownBlock, markdownBlocks } from './markdown-blocks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const RUN_TIMEOUT_MS = 30_000;

interface Example extends MarkdownBlock {
  /** Relative to the repository. */
  page: string;
  /** Without extension: the TypeScript and its JavaScript stand side by side. */
  file: string;
  source: string;
}

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/*/*.md'], {
  cwd: root,
  exclude: (path) => path.includes('node_modules') || path.endsWith('CHANGELOG.md'),
}).sort();
const blocks = pages.map((page) => ({
  page,
  blocks: markdownBlocks(readFileSync(join(root, page), 'utf8')),
}));
const examples = blocks.flatMap(({ page, blocks }) => examplesOf(page, blocks));

function examplesOf(page: string, blocks: MarkdownBlock[]): Example[] {
  // Pages outside a package import through docs/, which depends on everything.
  const home = /^(packages|examples)\//.test(page) ? dirname(page) : 'docs';
  const code = blocks.filter(({ language }) => ['ts', 'tsx', 'typescript'].includes(language));
  return code.map((block, index) => {
    let first = index;
    while (code[first]!.continues && first > 0) first--;
    const parts = code.slice(first, index + 1);
    const file = join(root, home, '.examples', `${basename(page, '.md')}.line-${block.line}`);
    return { ...block, page, file, source: assembled(parts) };
  });
}

/** Puts each block at the line where it stands in its page, so that errors name the line to look at. */
function assembled(parts: MarkdownBlock[]): string {
  let source = '';
  for (const { before, code, line } of parts) {
    source += before === '' ? '' : `${before.replaceAll('\n', ' ')} `;
    const at = source.split('\n').length;
    source += '\n'.repeat(Math.max(0, line - at)) + code;
    if (!source.endsWith('\n')) source += '\n';
  }
  const last = parts.at(-1)!;
  return `${source}${last.after}\nexport {};\n`;
}

beforeAll(() => {
  for (const folder of new Set(examples.map(({ file }) => dirname(file)))) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  for (const { file, source, language } of examples) {
    const loader = language === 'tsx' ? 'tsx' : 'ts';
    writeFileSync(`${file}.${loader}`, source);
    const { code } = transformSync(source, { loader, format: 'esm', target: 'es2022', jsx: 'automatic' });
    writeFileSync(`${file}.mjs`, code);
  }
});

describe('documentation', () => {
  test('compiles', { timeout: 120_000 }, async () => {
    const config = join(root, 'docs/.examples/tsconfig.json');
    mkdirSync(dirname(config), { recursive: true });
    const files = examples.map(({ file, language }) => `${file}.${language === 'tsx' ? 'tsx' : 'ts'}`);
    const compilerOptions = {
      composite: false,
      noEmit: true,
      declarationMap: false,
      sourceMap: false,
      lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
      jsx: 'react-jsx',
      typeRoots: [join(root, 'node_modules/@types')],
    };
    const globals = join(root, 'scripts/documentation-globals.d.ts');
    writeFileSync(
      config,
      JSON.stringify({
        extends: '../../tsconfig.base.json',
        compilerOptions,
        files: [globals, ...files],
        include: [],
      }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const result = await run(process.execPath, [tsc, '-p', config], { cwd: root }).catch(
      (error: { stdout: string }) => error,
    );
    // What the compiler says of a generated file holds for the same line of its page.
    let errors = result.stdout;
    for (const { file, page } of examples) {
      errors = errors.replaceAll(new RegExp(`^${relative(root, file)}\\.tsx?\\(`, 'gm'), `${page}(`);
    }
    expect(errors).toBe('');
  });

  test('links to pages, files and headings that exist', () => {
    const broken: string[] = [];
    for (const page of pages) {
      const text = readFileSync(join(root, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? join(root, page) : join(root, dirname(page), path);
        if (!existsSync(file) || (anchor && !anchors(file).includes(anchor)))
          broken.push(`${page}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test('names only commands that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const own = new Set([...Object.keys(scripts), 'install', 'exec', 'add', 'create', 'dlx', '--filter']);
    for (const { page, blocks: all } of blocks) {
      for (const { language, code, line } of all) {
        if (!['sh', 'bash', 'shell'].includes(language)) continue;
        for (const [, command] of code.matchAll(/pnpm@12 ([\w-]+)/g)) {
          expect(own, `${page}:${line}: pnpm@12 ${command}`).toContain(command);
        }
      }
    }
  });
});

describe.each(pages.filter((page) => examples.some((example) => example.page === page)))(
  '%s runs',
  (page) => {
    const own = examples.filter((example) => example.page === page && example.typesOnly === undefined);
    test.each(own.map((example) => [`line ${example.line}: ${example.heading}`, example] as const))(
      '%s',
      { timeout: RUN_TIMEOUT_MS + 5_000 },
      async (_name, { file }) => {
        const runner = join(root, 'scripts/run-block.ts');
        const options = { cwd: dirname(dirname(file)), timeout: RUN_TIMEOUT_MS, env: environment() };
        const result = await run(
          process.execPath,
          ['--enable-source-maps', runner, `${file}.mjs`],
          options,
        ).catch((error: { stdout: string; message: string }) => error);
        // The message of a failed process holds what it wrote to stderr.
        const failed =
          'message' in result ? `${relative(root, file)}\n${result.stdout}\n${result.message}` : '';
        expect(failed).toBe('');
      },
    );
  },
);

/** The headings of a page as GitHub turns them into anchors. */
function anchors(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+\s+(.*)$/gm);
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** No example may find this machine's keys or a collector that happens to run. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return {
    PATH,
    HOME,
    TMPDIR,
    OBSERVATORY_URL: 'http://127.0.0.1:9',
    OBSERVATORY_SPOOL: 'false',
    NO_COLOR: '1',
  };
}
