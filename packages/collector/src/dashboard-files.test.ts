import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectorFixture, temporaryFolder } from './collector.test.fixture.js';

async function built() {
  const root = await temporaryFolder();
  const dashboardDir = join(root, 'dashboard');
  await mkdir(join(dashboardDir, 'assets'), { recursive: true });
  await writeFile(join(dashboardDir, 'index.html'), '<!doctype html><title>Observatory</title>');
  await writeFile(join(dashboardDir, 'assets', 'index-BkQ3z9aX.js'), 'console.log(1)');
  await writeFile(join(dashboardDir, 'favicon.svg'), '<svg/>');
  await writeFile(join(root, 'secret.txt'), 'secret');
  return collectorFixture({ dashboardDir });
}

describe('the dashboard', () => {
  it('is served at / and for every view, under a strict policy', async () => {
    const collector = await built();
    for (const path of ['/', '/sessions/chat%2F1', '/runs/v1.2']) {
      const response = await collector.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(await response.text()).toContain('<title>Observatory</title>');
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  it('has assets that are kept for good when their name holds their hash', async () => {
    const collector = await built();
    const script = await collector.request('/assets/index-BkQ3z9aX.js');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(script.headers.get('content-type')).toContain('text/javascript');
    const icon = await collector.request('/favicon.svg');
    expect(icon.headers.get('cache-control')).toBe('no-cache');
    expect((await collector.request('/assets/gone-BkQ3z9aX.js')).status).toBe(404);
  });

  it('gives no file from outside its folder', async () => {
    const collector = await built();
    for (const path of [
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/%00',
      '/%ff',
      '/..%5csecret.txt',
    ]) {
      const response = await collector.request(path);
      expect(await response.text(), path).not.toBe('secret');
    }
  });

  it('says how to build it when it is not built', async () => {
    const collector = await collectorFixture({ dashboardDir: join(await temporaryFolder(), 'missing') });
    const page = await (await collector.request('/')).text();
    expect(page).toContain('npx -y pnpm@12 --filter @observatory/dashboard build');
  });
});
