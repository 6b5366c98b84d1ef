import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunBuilder, realLife } from './fixtures.js';
import {
  chromiumPath,
  inChromium,
  openBrowser,
  openCollector,
  openPage,
  type TestCollector,
} from './support.js';

const inView = (place: Locator) =>
  place.evaluate((element) => {
    const box = element.getBoundingClientRect();
    return box.top < innerHeight && box.bottom > 0;
  });

async function expectAt(page: Page): Promise<string> {
  await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBeTruthy();
  return new URL(page.url()).searchParams.get('at')!;
}

describe.skipIf(!chromiumPath)(inChromium('getting around'), () => {
  let browser: Browser;
  let collector: TestCollector;

  beforeAll(async () => {
    browser = await openBrowser();
    collector = await openCollector();
    await collector.send(...realLife(Date.now()));
  });
  afterAll(async () => {
    await browser?.close();
    await collector?.close();
  });

  it('finds words anywhere, marks them, and leads to where they stand', async () => {
    const { page, misdeeds, close } = await openPage(browser, `${collector.url}/search`);
    await page.locator('input:focus').waitFor();
    await page.keyboard.type('beds_left');
    const hit = page.getByRole('list', { name: 'Hits' }).getByRole('listitem').first();
    await hit.waitFor();
    expect(await hit.locator('mark').first().innerText()).toBe('beds_left');
    await hit.getByRole('link').click();
    // Stored once, used by several steps: the one that is shown must show the words, though they are not new to it.
    const spot = page.locator(`[id="spot-${await expectAt(page)}"]`);
    const words = spot.getByText('beds_left').first();
    await words.waitFor();
    await expect.poll(() => inView(spot)).toBe(true);
    await page.goBack();
    await hit.waitFor();
    expect(page.url()).toContain('q=beds_left');
    expect(misdeeds).toEqual([]);
    await close();
  });

  it('opens search hits in prompts, system prompts, responses, errors and metadata on their spot', async () => {
    const { page, misdeeds, close } = await openPage(browser, `${collector.url}/search`);
    for (const [words, where, spot] of [
      ['lighthouses', 'Prompt', 'prompt'],
      ['"never invent a train"', 'System prompt', 'system_prompt'],
      ['"Done: plan my week"', 'Response', 'response'],
      ['agentLoop', 'Error', 'error'],
      ['"RND-412"', 'Metadata', 'metadata'],
      ['urls', 'Tool result', 'tool:run-crawl-call-1'],
    ]) {
      await page.goto(`${collector.url}/search?q=${encodeURIComponent(words!)}`);
      await page
        .locator('li', { has: page.getByText(where!, { exact: true }) })
        .first()
        .getByRole('link')
        .click();
      const place = page.locator(`[id="spot-${spot}"]`);
      await place.waitFor();
      await expect.poll(() => inView(place)).toBe(true);
    }
    expect(misdeeds).toEqual([]);
    await close();
  });

  it('goes everywhere by keyboard', async () => {
    const { page, misdeeds, close } = await openPage(browser, collector.url);
    await page.locator('tr[data-run]').first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.locator('[data-session]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('list', { name: 'Conversation' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('failed');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('status=error');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('run-crawl');
    await page.getByRole('option', { name: /Open the run with id/ }).click();
    await page.getByRole('heading', { name: 'site-crawler' }).waitFor();
    expect(misdeeds).toEqual([]);
    await close();
  });

  it('shows what to paste while nothing has arrived, and turns into the list when the first run does', async () => {
    const fresh = await openCollector();
    const { page, misdeeds, close } = await openPage(browser, fresh.url);
    await page.getByText('Waiting for the first run').waitFor();
    for (const [tab, line] of [
      ['Any agent', "import { run } from '@observatory/core'"],
      ['OpenAI', 'wrapOpenAI(new OpenAI())'],
      ['Vercel AI SDK', 'instrumentAISDK()'],
      ['LangChain', 'new ObservatoryCallbackHandler()'],
      ['Express', 'app.use(observatory())'],
      ['Hono', 'app.use(observatory())'],
    ]) {
      await page.getByRole('tab', { name: tab! }).click();
      await page.getByRole('tabpanel').getByText(line!).first().waitFor();
    }
    await page.getByText(`OBSERVATORY_URL=${fresh.url}`).waitFor();
    await fresh.send(
      ...new RunBuilder('first', Date.now(), {
        name: 'hello',
        prompt: { user_prompt: 'Hello, Observatory' },
      }).end(12, { response: 'Hi.' }).items,
    );
    await page.locator('tr[data-run="first"]').waitFor();
    expect(misdeeds).toEqual([]);
    await close();
    await fresh.close();
  });

  it('says what clients lost, until it is put away for this browser session, and again when more is lost', async () => {
    const fresh = await openCollector();
    const loss = (id: string, items: number) =>
      fresh.send({
        type: 'loss',
        loss_id: id,
        time: new Date().toISOString(),
        reason: 'memory_full',
        items,
        runs: 2,
      });
    await fresh.send(...new RunBuilder('r', Date.now()).end(3).items);
    await loss('a', 12);
    const { page, close } = await openPage(browser, fresh.url);
    await page.getByText('12 items were dropped by a client').waitFor();
    await page.getByText('memory full').waitFor();
    await page.getByRole('button', { name: 'Put away for this session' }).click();
    await page.getByText('12 items were dropped').waitFor({ state: 'detached' });
    await page.reload();
    await page.locator('tr[data-run="r"]').waitFor();
    expect(await page.getByText('were dropped by a client').count()).toBe(0);
    await loss('b', 3);
    await page.reload();
    await page.getByText('15 items were dropped by a client').waitFor();
    await close();
    await fresh.close();
  });

  it('says when the collector is gone, keeps what is shown, and catches up when it is back', {
    timeout: 120_000,
  }, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'observatory-e2e-'));
    let fresh = await openCollector({ dataDir });
    const port = Number(new URL(fresh.url).port);
    await fresh.send(...new RunBuilder('before', Date.now(), { name: 'before' }).end(3).items);
    const { page, close } = await openPage(browser, fresh.url);
    await page.locator('tr[data-run="before"]').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await fresh.close();
    await page.getByText('Collector unreachable, reconnecting…').waitFor();
    expect(await page.locator('tr[data-run="before"]').count()).toBe(1);
    fresh = await openCollector({ dataDir, port });
    await fresh.send(...new RunBuilder('after', Date.now(), { name: 'after' }).end(3).items);
    await page.locator('tr[data-run="after"]').waitFor({ timeout: 60_000 });
    await page.getByText('Collector unreachable').waitFor({ state: 'detached' });
    await close();
    await fresh.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('reads its lists on a timer when the live stream does not open', async () => {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    await context.route('**/api/live*', (route) => route.fulfill({ status: 502, body: 'no' }));
    const page = await context.newPage();
    await page.goto(`${collector.url}/?name=polled`);
    await page.getByText('No run matches').waitFor();
    await collector.send(...new RunBuilder('polled', Date.now(), { name: 'polled' }).end(3).items);
    await page.locator('tr[data-run="polled"]').waitFor({ timeout: 40_000 });
    await context.close();
  });
});
