import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '@observatory/collector';
import type { WireItem } from '@observatory/core/wire';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The Chromium to test in, if this machine has one. */
export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** The name of a suite that needs a browser: says why when it is skipped. */
export function inChromium(what: string): string {
  return chromiumPath ? what : `${what} (skipped: no Chromium found, set CHROMIUM_PATH to one)`;
}

export interface TestCollector {
  url: string;
  /** Sends items over the wire; rejects when the collector refuses any. */
  send(...items: WireItem[]): Promise<void>;
  close(): Promise<void>;
}

/** A real collector on a free port with data of its own, serving the built dashboard. */
export async function openCollector(
  options: { port?: number; dataDir?: string } = {},
): Promise<TestCollector> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'observatory-e2e-'));
  const collector = await startCollector({ port: options.port ?? 0, dataDir });
  return {
    url: collector.url,
    async send(...items) {
      const response = await fetch(`${collector.url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'batch', items }),
      });
      const receipt = (await response.json()) as { rejected?: unknown[] };
      if (!response.ok || receipt.rejected?.length)
        throw new Error(`refused: ${JSON.stringify(receipt).slice(0, 500)}`);
    },
    async close() {
      await collector.close();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page with a record of everything it should never do. */
export interface WatchedPage {
  page: Page;
  /** Console errors, uncaught errors, dialogs, requests that leave the collector. Empty when all is well. */
  misdeeds: string[];
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const misdeeds: string[] = [];
  const origin = new URL(url).origin;
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      misdeeds.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => misdeeds.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    misdeeds.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) misdeeds.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, misdeeds, close: () => context.close() };
}

/** How far the page is wider than its window: 0 when nothing overflows. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() =>
    Math.max(0, document.documentElement.scrollWidth - innerWidth, document.body.scrollWidth - innerWidth),
  );
}

/** One browser and one collector for a file of tests; a page at a time, whose misdeeds fail the test that opened it. */
export interface DashboardUnderTest {
  readonly browser: Browser;
  readonly collector: TestCollector;
  /** The page that is open. */
  readonly open: WatchedPage;
  visit(path: string): Promise<Page>;
  /** Closes the page and expects that nothing untoward happened in it. */
  leave(): Promise<void>;
}

export function dashboardUnderTest(seed: () => WireItem[] = () => []): DashboardUnderTest {
  let browser: Browser;
  let collector: TestCollector;
  let open: WatchedPage | undefined;
  const leave = async () => {
    const misdeeds = open?.misdeeds ?? [];
    await open?.close();
    open = undefined;
    expect(misdeeds).toEqual([]);
  };
  beforeAll(async () => {
    browser = await openBrowser();
    collector = await openCollector();
    const items = seed();
    if (items.length > 0) await collector.send(...items);
  });
  afterAll(async () => {
    await browser?.close();
    await collector?.close();
  });
  afterEach(leave);
  return {
    get browser() {
      return browser;
    },
    get collector() {
      return collector;
    },
    get open() {
      return open!;
    },
    async visit(path) {
      open = await openPage(browser, collector.url + path);
      return open.page;
    },
    leave,
  };
}
