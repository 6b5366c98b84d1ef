import { describe, expect, it } from 'vitest';
import { RunBuilder, realLife } from './fixtures.js';
import { chromiumPath, dashboardUnderTest, inChromium } from './support.js';

describe.skipIf(!chromiumPath)(inChromium('the page of a run'), () => {
  const dashboard = dashboardUnderTest(() => realLife(Date.now()));
  const { visit } = dashboard;

  it('heads the run with outcome, duration, every kind of token, cost with its source, and where it belongs', async () => {
    const page = await visit('/runs/run-travel-2');
    const header = await page.locator('header').innerText();
    for (const part of [
      'travel-desk',
      'OK',
      '4.94 s',
      '1,352 uncached',
      '3,072 cached',
      '355 completion',
      '96 reasoning',
      'from the price list',
      '2 steps',
      '3 tool calls',
      'chat-travel-7f3a',
      'ines@example.com',
      'production',
      '2026.11.3',
      'beta',
      'Perfect, booked!',
    ]) {
      expect(header).toContain(part);
    }
  });

  it('shows of each step only what is new, and says what was left out', async () => {
    const page = await visit('/runs/run-travel-2');
    const second = page.locator('[data-step="run-travel-2-step-2"]');
    await second.getByText('Context sent: 8 messages, 4 unchanged, 4 shown above').waitFor();
    expect(await second.innerText()).not.toContain('Oslo');
    await second.getByRole('button', { name: /Context sent/ }).click();
    await second.getByText('never invent a train').waitFor();
  });

  it('puts tool calls in time order, says which ran in parallel, and opens arguments and result', async () => {
    const page = await visit('/runs/run-travel-2');
    await page.getByText('3 tool calls in parallel').waitFor();
    const names = await page
      .locator('[data-tool-call]')
      .evaluateAll((calls) => calls.map((call) => call.getAttribute('aria-label')));
    expect(names).toEqual(['Tool call search_trains', 'Tool call night_trains', 'Tool call exchange_rate']);
    await page.locator('[data-tool-call="run-travel-2-call-3"] button').first().click();
    await page.getByText('0.0853').first().waitFor();
  });

  it('shows why a run and a tool call failed, in words', async () => {
    const page = await visit('/runs/run-support-2');
    await page.getByText('Error · Ended with an error').waitFor();
    await page.getByText('at runTool (/app/agent/tools.ts:88:13)').waitFor();
    await page.getByText('Timed out · Its own timeout closed it').waitFor();
  });

  it('opens nested runs in place', async () => {
    const page = await visit('/runs/run-research');
    const nested = page.getByRole('article', { name: 'Nested run reader:duckdb' });
    await nested.getByRole('button', { expanded: false }).first().click();
    await nested.getByText('404 Not Found').waitFor();
    await nested.getByRole('link', { name: 'Open the nested run' }).click();
    await page.getByRole('heading', { name: 'reader:duckdb' }).waitFor();
    await page.getByRole('link', { name: 'Parent run' }).click();
    await page.getByRole('heading', { name: 'research-agent' }).waitFor();
    expect(page.url()).toContain('delegate-duckdb');
  });

  it('draws the waterfall: parallel calls side by side, the first token, gaps, and what is selected', async () => {
    const page = await visit('/runs/run-research?tab=waterfall');
    const bars = page.locator('[data-bar]');
    await bars.first().waitFor();
    expect(await bars.count()).toBeGreaterThanOrEqual(15);
    await page.locator('[title="First token after 1.90 s"]').waitFor();
    expect(await page.locator('[title$="in your own code or waiting"]').count()).toBeGreaterThan(0);
    const spans = await Promise.all(
      ['delegate-sqlite', 'delegate-duckdb'].map((id) =>
        page.locator(`[data-bar="tool:${id}"] span.rounded-\\[3px\\]`).boundingBox(),
      ),
    );
    expect(Math.abs(spans[0]!.x - spans[1]!.x)).toBeLessThan(3);
    expect(spans[1]!.width).toBeGreaterThan(spans[0]!.width);

    await page.locator('[data-bar="tool:calc-1"]').click();
    await page.getByRole('complementary', { name: 'Selected' }).getByText('15.97').waitFor();
    expect(page.url()).toContain('at=tool');
    await page.keyboard.press('1');
    await page.locator('[data-tool-call="calc-1"]').waitFor();
    expect(await page.locator('[data-tool-call="calc-1"]').getAttribute('class')).toContain('outline');
  });

  it('zooms the waterfall by dragging over its axis', async () => {
    const page = await visit('/runs/run-research?tab=waterfall');
    const axis = page.locator('.cursor-col-resize');
    const box = (await axis.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.6, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + 10, { steps: 4 });
    await page.mouse.up();
    const reset = page.getByRole('button', { name: /–/ });
    await reset.waitFor();
    await reset.click();
    await page.getByText('Drag across the axis to zoom').waitFor();
  });

  it('moves through steps and tool calls with j and k', async () => {
    const page = await visit('/runs/run-travel-2');
    await page.locator('[data-step]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBe('tool:run-travel-2-call-1');
    await page.keyboard.press('k');
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBe('step:run-travel-2-step-1');
  });

  it('shows metadata and the whole JSON, searchable', async () => {
    const page = await visit('/runs/run-research?tab=raw');
    await page.getByText('RND-412').first().waitFor();
    await page.getByRole('searchbox', { name: 'Search in the JSON' }).fill('100000*13.8');
    await page.getByText(/1 of \d+/).waitFor();
    expect(await page.locator('.json mark').first().innerText()).toBe('100000*13.8');
    await page.getByRole('link', { name: 'RND-412' }).click();
    await page.locator('tr[data-run="run-research"]').waitFor();
    expect(await page.locator('tr[data-run]').count()).toBe(1);
  });

  it('follows a running run live', async () => {
    const live = new RunBuilder('run-watched', Date.now(), {
      name: 'watched',
      prompt: { user_prompt: 'Count to two' },
    });
    await dashboard.collector.send(...live.items);
    const page = await visit('/runs/run-watched');
    await page.getByText('No step has been recorded yet.').waitFor();
    const before = live.items.length;
    live.step(10, 400, { response: 'One.' });
    await dashboard.collector.send(...live.items.slice(before));
    await page.getByText('One.').waitFor();
    await dashboard.collector.send(live.end(900, { response: 'One, two.' }).items.at(-1)!);
    await page.getByText('One, two.').waitFor();
    await page.locator('header').getByText('900 ms').waitFor();
  });

  it('says plainly when there is no such run', async () => {
    await dashboard.visit('/runs/nowhere');
    await dashboard.open.page.getByRole('heading', { name: 'Not found' }).waitFor();
    // The browser itself notes a 404 on the console.
    dashboard.open.misdeeds.splice(
      0,
      dashboard.open.misdeeds.length,
      ...dashboard.open.misdeeds.filter((misdeed) => !misdeed.includes('404')),
    );
  });

  it('takes any id', async () => {
    const id = 'a/b?c=1#d%2F é\u202e"<';
    await dashboard.collector.send(
      ...new RunBuilder(id, Date.now(), {
        name: 'odd-id',
        session_id: '../s/1',
        conversational: true,
        prompt: { user_prompt: 'odd' },
      }).end(4, { response: 'fine' }).items,
    );
    const page = await visit('/?name=odd-id');
    await page.getByRole('link', { name: 'odd' }).click();
    await page.getByRole('heading', { name: 'odd-id' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'odd-id' }).waitFor();
    await page.getByTitle('The whole session').click();
    await page.getByText('1 turn').waitFor();
  });
});
