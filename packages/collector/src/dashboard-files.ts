import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';

/** Where the dashboard package builds to. */
const BUILT_DASHBOARD = fileURLToPath(new URL('../dashboard', import.meta.url));

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** Vite puts a hash of the content into these names: what such an address holds never changes. */
const HASHED = /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Observatory</title>
<body>
<h1>Observatory is running</h1>
<p>The collector takes runs and answers its API, but the dashboard has not been built. In the repository:</p>
<pre>npx -y pnpm@12 --filter @observatory/dashboard build</pre>
<p>Then load this page again. The API is under <a href="/api/overview">/api</a>.</p>
</body>
</html>
`;

export const isDashboardBuilt = (folder = BUILT_DASHBOARD): boolean => existsSync(join(folder, 'index.html'));

/** Serves the built dashboard; every path that is no file is one of its views. */
export function dashboardFiles(folder = BUILT_DASHBOARD): Hono {
  const routes = new Hono();
  routes.get('*', async (c) => {
    const file = fileIn(folder, new URL(c.req.url).pathname);
    const asset = file === undefined ? undefined : await readFile(file).catch(() => undefined);
    if (file !== undefined && asset !== undefined) {
      return c.body(new Uint8Array(asset), 200, {
        'Content-Type': TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
        'Cache-Control': HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache',
      });
    }
    // A missing script answered with a page would be a puzzle in the browser's console.
    if (extname(new URL(c.req.url).pathname) !== '' && c.req.path.startsWith('/assets/'))
      return c.text('Not found', 404);
    const page = isDashboardBuilt(folder) ? await readFile(join(folder, 'index.html'), 'utf8') : NOT_BUILT;
    return c.html(page, 200, { 'Cache-Control': 'no-cache' });
  });
  return routes;
}

/** The file of a path inside the folder, and never outside it. */
function fileIn(folder: string, pathname: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (decoded === '/' || decoded.includes('\u0000')) return undefined;
  const path = normalize(join(folder, decoded));
  return path.startsWith(folder + sep) ? path : undefined;
}
