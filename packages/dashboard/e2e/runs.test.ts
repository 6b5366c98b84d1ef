import { describe, expect, it } from 'vitest';
import { RunBuilder, realLife } from './fixtures.js';
import {
  chromiumPath,
  dashboardUnderTest,
  inChromium,
  openBrowser,
  openCollector,
  openPage,
} from './support.js';

describe.skipIf(!chromiumPath)(inChromium('the runs list'), () => {
  const dashboard = dashboardUnderTest(() => realLife(Date.now()));
  const { visit } = dashboard;

  it('shows every run with its status, name, prompt, model, duration, tokens and cost', async () => {
    const page = await visit('/');
    const row = page.locator('tr[data-run="run-research"]');
    await row.waitFor();
    const text = await row.innerText();
    for (const part of [
      'OK',
      'research-agent',
      'Compare three ways',
      'gpt-5-2025-08-07',
      '34.0 s',
      '12.8k',
      '$0.01',
    ])
      expect(text).toContain(part);
  });

  it('says every outcome in words', async () => {
    const page = await visit('/');
    for (const [outcome, word] of [
      ['cancelled', 'Cancelled'],
      ['interrupted', 'Interrupted'],
      ['incomplete', 'Incomplete'],
      ['timed_out', 'Timed out'],
      ['abandoned', 'Abandoned'],
    ]) {
      await page.locator(`tr[data-run="run-outcome-${outcome}"]`, { hasText: word! }).waitFor();
    }
  });

  it('filters by facets, keeps the filter in the URL, and restores it after a reload and with the back button', async () => {
    const page = await visit('/');
    await page.locator('tr[data-run="run-research"]').waitFor();
    await page.keyboard.press('f');
    await page.getByRole('button', { name: /^Name/ }).click();
    await page.getByRole('button', { name: /classify-ticket/ }).click();
    await page.keyboard.press('Escape');
    await page.locator('tr[data-run="run-research"]').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.getAll('name')).toEqual(['classify-ticket']);
    await expect.poll(() => page.locator('tr[data-run]').count()).toBe(6);

    await page.getByRole('button', { name: 'Failed' }).click();
    await expect.poll(() => page.locator('tr[data-run]').count()).toBe(1);
    expect(page.url()).toContain('status=error');

    await page.reload();
    await page.locator('tr[data-run="run-batch-4"]').waitFor();
    expect(await page.locator('tr[data-run]').count()).toBe(1);

    await page.goBack();
    await expect.poll(() => page.locator('tr[data-run]').count()).toBe(6);
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.locator('tr[data-run="run-research"]').waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  it('takes several values of one filter from a link, and leaves out what it cannot read', async () => {
    const page = await visit('/?name=planner&name=release-bot&min_cost=abc&status=nonsense&whatever=1');
    await page.locator('tr[data-run]').first().waitFor();
    const names = await page.locator('tr[data-run] td:nth-child(2)').allInnerTexts();
    expect(new Set(names)).toEqual(new Set(['planner', 'release-bot']));
  });

  it('searches the full text of runs', async () => {
    const page = await visit('/');
    await page.locator('tr[data-run="run-research"]').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('couchette');
    await page.locator('tr[data-run="run-research"]').waitFor({ state: 'detached' });
    await page.locator('tr[data-run="run-travel-2"]').waitFor();
    await expect.poll(() => page.url()).toContain('q=couchette');
  });

  it('moves with j and k, opens with enter, and comes back to the same list with escape', async () => {
    const page = await visit('/?name=classify-ticket');
    await page.locator('tr[data-run="run-batch-5"]').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    expect(await page.locator('tr[aria-selected="true"]').getAttribute('data-run')).toBe('run-batch-4');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'classify-ticket' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('tr[data-run="run-batch-5"]').waitFor();
    expect(page.url()).toContain('name=classify-ticket');
  });

  it('shows a run that arrives without a reload, ticks while it runs, and marks its end', async () => {
    const page = await visit('/');
    await page.locator('tr[data-run="run-research"]').waitFor();
    await page
      .getByText(/running$/)
      .first()
      .waitFor();
    const late = new RunBuilder('run-late', Date.now(), {
      name: 'late-agent',
      prompt: { user_prompt: 'Did you see me come in?' },
    });
    await dashboard.collector.send(...late.items);
    const row = page.locator('tr[data-run="run-late"]');
    await row.waitFor();
    expect(await row.innerText()).toContain('Running');
    expect(await page.locator('tbody tr').first().getAttribute('data-run')).toBe('run-late');
    const ticking = row.locator('td').nth(5);
    const first = await ticking.innerText();
    await expect.poll(() => ticking.innerText(), { timeout: 10_000 }).not.toBe(first);
    await dashboard.collector.send(late.end(1_234, { response: 'I did.' }).items.at(-1)!);
    await row.getByText('1.23 s').waitFor();
    await row.getByText('OK').waitFor();
  });

  it('keeps a filtered list filtered while runs arrive', async () => {
    const page = await visit('/?name=only-these');
    await page.getByText('No run matches').waitFor();
    const now = Date.now();
    await dashboard.collector.send(
      ...new RunBuilder('run-other', now, { name: 'others' }).end(5).items,
      ...new RunBuilder('run-these', now, { name: 'only-these' }).end(5).items,
    );
    await page.locator('tr[data-run="run-these"]').waitFor();
    expect(await page.locator('tr[data-run]').count()).toBe(1);
  });

  it('removes a deleted run', async () => {
    await dashboard.collector.send(
      ...new RunBuilder('run-doomed', Date.now(), { name: 'doomed' }).end(5).items,
    );
    const page = await visit('/');
    await page.locator('tr[data-run="run-doomed"]').waitFor();
    await page.evaluate(() => fetch('/api/runs/run-doomed', { method: 'DELETE' }));
    await page.locator('tr[data-run="run-doomed"]').waitFor({ state: 'detached' });
  });

  it('peeks at a run on hover', async () => {
    const page = await visit('/?name=travel-desk');
    await page.locator('tr[data-run="run-travel-2"] a').hover();
    await page.getByText('under €420').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });
});

describe.skipIf(!chromiumPath)(inChromium('a long list'), () => {
  it('scrolls through thousands of runs with few rows on the page, and keeps its place when more arrive', {
    timeout: 120_000,
  }, async () => {
    const browser = await openBrowser();
    const collector = await openCollector();
    try {
      const start = Date.now() - 3_600_000;
      const total = 5_200;
      for (let from = 0; from < total; from += 650) {
        await collector.send(
          ...Array.from(
            { length: 650 },
            (_, i) =>
              new RunBuilder(`bulk-${from + i}`, start + (from + i) * 100, {
                name: 'bulk',
                prompt: { user_prompt: `Run number ${from + i}` },
              }).end(40).items,
          ).flat(),
        );
      }
      const { page, misdeeds } = await openPage(browser, collector.url);
      await page.locator('tr[data-run="bulk-5199"]').waitFor();
      const scroller = page.locator('.scroller');
      let reached = 0;
      await expect
        .poll(
          async () => {
            await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
            reached = Number(await page.locator('tr[data-run]').last().getAttribute('aria-rowindex')) - 1;
            return reached;
          },
          { timeout: 90_000, interval: 60 },
        )
        .toBe(total);
      await page.locator('tr[data-run="bulk-0"]').waitFor();
      expect(await page.locator('tr[data-run]').count()).toBeLessThan(80);

      await scroller.evaluate((element) => element.scrollTo(0, 42 * 1000));
      await page.locator('tr[data-run="bulk-4199"]').waitFor();
      const topOf = () =>
        page
          .locator('tr[data-run="bulk-4190"]')
          .evaluate((row) => Math.round(row.getBoundingClientRect().top));
      const before = await topOf();
      await collector.send(...new RunBuilder('bulk-new', Date.now(), { name: 'bulk' }).end(3).items);
      await page.getByRole('button', { name: '1 new run' }).click();
      await page.locator('tr[data-run="bulk-new"]').waitFor();
      await scroller.evaluate((element) => element.scrollTo(0, 42 * 1001));
      await page.locator('tr[data-run="bulk-4190"]').waitFor();
      expect(Math.abs((await topOf()) - before)).toBeLessThanOrEqual(1);
      expect(misdeeds).toEqual([]);
    } finally {
      await browser.close();
      await collector.close();
    }
  });
});
