import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realLife } from './fixtures.js';
import {
  chromiumPath,
  inChromium,
  openBrowser,
  openCollector,
  openPage,
  overflow,
  type TestCollector,
} from './support.js';

/** Name, address, when it is ready, and what of it to check when the rest is another view's. */
const VIEWS: [string, string, (page: Page) => Promise<unknown>, string?][] = [
  ['runs', '/', (page) => page.locator('tr[data-run="run-research"]').waitFor()],
  ['runs, none found', '/?name=nobody', (page) => page.getByText('No run matches').waitFor()],
  [
    'runs, filtered',
    '/?name=classify-ticket&status=error&range=24h&tag=batch',
    (page) => page.locator('tr[data-run="run-batch-4"]').waitFor(),
  ],
  [
    'filters',
    '/',
    async (page) => {
      await page.locator('tr[data-run]').first().waitFor();
      await page.keyboard.press('f');
      await page.getByRole('button', { name: /^Model/ }).click();
      await page.getByRole('button', { name: /gpt-5-nano/ }).waitFor();
    },
    '.pop',
  ],
  ['sessions', '/sessions', (page) => page.locator('[data-session]').first().waitFor()],
  [
    'conversation',
    '/sessions/chat-travel-7f3a?run=run-travel-2',
    (page) => page.getByText('3 tool calls in parallel').waitFor(),
  ],
  [
    'tasks',
    '/sessions/nightly-classify-2026-11-22?run=run-batch-1',
    (page) => page.locator('[data-step]').first().waitFor(),
  ],
  [
    'transcript',
    '/runs/run-research?at=tool:delegate-duckdb',
    (page) => page.locator('[data-step]').first().waitFor(),
  ],
  ['failed run', '/runs/run-support-2', (page) => page.getByText('Ended with an error').waitFor()],
  [
    'waterfall',
    '/runs/run-research?tab=waterfall&at=tool:calc-1',
    (page) => page.locator('[data-bar]').first().waitFor(),
  ],
  [
    'raw',
    '/runs/run-research?tab=raw',
    (page) => page.getByRole('searchbox', { name: 'Search in the JSON' }).waitFor(),
  ],
  ['search', '/search?q=train', (page) => page.locator('mark').first().waitFor()],
  [
    'palette',
    '/',
    async (page) => {
      await page.locator('tr[data-run]').first().waitFor();
      await page.keyboard.press('Control+k');
      await page.keyboard.type('train');
      await page.locator('dialog mark').first().waitFor();
    },
    'dialog',
  ],
  [
    'shortcuts',
    '/',
    async (page) => {
      await page.locator('tr[data-run]').first().waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    },
    'dialog',
  ],
];

const FIRST_PAGE: (typeof VIEWS)[number] = [
  'first page',
  '/',
  (page) => page.getByText('Waiting for the first run').waitFor(),
];

describe.skipIf(!chromiumPath)(inChromium('every view'), () => {
  let browser: Browser;
  let collector: TestCollector;
  let empty: TestCollector;

  beforeAll(async () => {
    browser = await openBrowser();
    collector = await openCollector();
    empty = await openCollector();
    await collector.send(...realLife(Date.now()), {
      type: 'loss',
      loss_id: 'loss-1',
      time: new Date().toISOString(),
      reason: 'memory_full',
      items: 12,
      runs: 2,
    });
  });
  afterAll(async () => {
    await browser?.close();
    await collector?.close();
    await empty?.close();
  });

  it('has no accessibility fault in either theme', { timeout: 240_000 }, async () => {
    const faults: string[] = [];
    const { page, misdeeds, close } = await openPage(browser, collector.url);
    for (const [name, path, ready, part = 'html'] of [...VIEWS, FIRST_PAGE]) {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto((name === FIRST_PAGE[0] ? empty : collector).url + path);
      await ready(page);
      const inLight = await new AxeBuilder({ page: page as never })
        .include(part)
        .options({ resultTypes: ['violations'] })
        .analyze();
      await page.emulateMedia({ colorScheme: 'dark' });
      // The rest does not depend on colours.
      const inDark = await new AxeBuilder({ page: page as never })
        .include(part)
        .options({ resultTypes: ['violations'] })
        .withRules(['color-contrast'])
        .analyze();
      for (const violation of [...inLight.violations, ...inDark.violations]) {
        for (const node of violation.nodes)
          faults.push(
            `${name}: ${violation.id} ${node.target.join(' ')} ${node.failureSummary?.replace(/\s+/g, ' ')}`,
          );
      }
    }
    expect([
      ...faults,
      ...misdeeds.filter((misdeed) => !misdeed.startsWith(`request: ${empty.url}`)),
    ]).toEqual([]);
    await close();
  });

  it('fits a phone, a tablet and a wide screen', { timeout: 240_000 }, async () => {
    const wide: string[] = [];
    const { page, close } = await openPage(browser, collector.url);
    for (const [name, path, ready] of VIEWS) {
      await page.goto(collector.url + path);
      await ready(page);
      for (const [width, height] of [
        [360, 780],
        [900, 900],
        [1920, 1080],
      ] as const) {
        await page.setViewportSize({ width, height });
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        );
        const by = await overflow(page);
        if (by > 0) wide.push(`${name} at ${width}px by ${by}px`);
      }
    }
    expect(wide).toEqual([]);
    await close();
  });

  it('loads in at most 250 KB compressed, fonts included, and from nowhere but the collector', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const sizes: Record<string, number> = {};
    page.on('response', (response) => {
      const path = new URL(response.url()).pathname;
      if (!path.startsWith('/api/')) {
        void response.body().then((body) => {
          sizes[path] = path.endsWith('.woff2') ? body.length : gzipSync(body).length;
        });
      }
    });
    await page.goto(collector.url);
    await page.locator('tr[data-run="run-research"]').waitFor();
    await page.evaluate(() => document.fonts.ready);
    await expect.poll(() => Object.keys(sizes).some((path) => path.endsWith('.woff2'))).toBe(true);
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    expect(total, JSON.stringify(sizes, null, 1)).toBeLessThan(250_000);
    console.info(`first load: ${(total / 1000).toFixed(0)} KB compressed`);
    await context.close();
  });

  it('follows the system’s theme until one is chosen, and remembers the choice', async () => {
    const { page, close } = await openPage(browser, collector.url, { colorScheme: 'dark' });
    const canvas = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await canvas();
    await page.getByRole('button', { name: /Theme: system/ }).click();
    const light = await canvas();
    expect(light).not.toBe(dark);
    await page.reload();
    await page.getByRole('button', { name: /Theme: light/ }).waitFor();
    expect(await canvas()).toBe(light);
    await page.keyboard.press('t');
    expect(await canvas()).toBe(dark);
    await close();
  });
});
