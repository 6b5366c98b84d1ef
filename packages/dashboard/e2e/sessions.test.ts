import { describe, expect, it } from 'vitest';
import { RunBuilder, realLife } from './fixtures.js';
import { chromiumPath, dashboardUnderTest, inChromium } from './support.js';

describe.skipIf(!chromiumPath)(inChromium('sessions'), () => {
  const dashboard = dashboardUnderTest(() => realLife(Date.now()));
  const { visit } = dashboard;

  it('lists sessions with first prompt, last response, kind, counts, errors, tokens and cost', async () => {
    const page = await visit('/sessions');
    const chat = await page.locator('[data-session="chat-travel-7f3a"]').innerText();
    for (const part of [
      'Hi! I need to get from Oslo',
      'Conversation',
      '5 turns',
      'Running',
      'ines@example.com',
      '22.6k',
    ])
      expect(chat).toContain(part);
    const batch = await page.locator('[data-session="nightly-classify-2026-11-22"]').innerText();
    for (const part of ['Independent tasks', '6 tasks', '1 failed']) expect(batch).toContain(part);
  });

  it('shows conversational runs as one continuous conversation', async () => {
    const page = await visit('/sessions');
    await page.getByRole('link', { name: /Hi! I need to get from Oslo/ }).click();
    const thread = page.getByRole('list', { name: 'Conversation' });
    await thread.getByText('Have a lovely trip, Ines').waitFor();
    const turns = await thread
      .locator('[data-turn]')
      .evaluateAll((items) => items.map((item) => item.getAttribute('data-turn')));
    expect(turns).toEqual([1, 2, 3, 4, 5].map((n) => `run-travel-${n}`));
    expect(await thread.getByText('System prompt').count()).toBe(1);
    await thread.locator('table').waitFor();
    await thread.getByText('Working…').waitFor();
  });

  it('expands a turn in place to its steps and tool calls, and keeps that in the URL', async () => {
    const page = await visit('/sessions/chat-travel-7f3a');
    const turn = page.locator('[data-turn="run-travel-3"]');
    await turn.getByRole('button', { name: '2 steps' }).click();
    await turn.getByText('HTTP 503 from booking.internal').waitFor();
    expect(page.url()).toContain('run=run-travel-3');
    await page.reload();
    await page.locator('[data-turn="run-travel-3"]').getByText('HTTP 503 from booking.internal').waitFor();
    await page.locator('[data-turn="run-travel-3"]').getByRole('link', { name: 'Open run' }).click();
    await page.getByRole('heading', { name: 'travel-desk' }).waitFor();
  });

  it('shows runs that only share a session as independent tasks', async () => {
    const page = await visit('/sessions/nightly-classify-2026-11-22');
    const tasks = page.getByRole('list', { name: 'Tasks' });
    await tasks.locator('[data-task]').nth(5).waitFor();
    const failed = await tasks.locator('[data-task="run-batch-4"]').innerText();
    for (const part of ['Prompt', 'Invoice 2026-1188', 'RateLimitError', 'Error'])
      expect(failed).toContain(part);
    expect(await page.getByRole('list', { name: 'Conversation' }).count()).toBe(0);
  });

  it('adds a turn to an open conversation as it arrives, and moves the session to the top of the list', async () => {
    const page = await visit('/sessions/support-4821');
    await page.locator('[data-turn="run-support-2"]').waitFor();
    const next = new RunBuilder('run-support-3', Date.now(), {
      session_id: 'support-4821',
      conversational: true,
      prompt: { user_prompt: 'Hello? Is anyone there?' },
    });
    await dashboard.collector.send(...next.items);
    await page.getByText('Hello? Is anyone there?').waitFor();
    await dashboard.collector.send(next.end(800, { response: 'Yes, **sorry** for the wait.' }).items.at(-1)!);
    await page.getByText('for the wait.').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-session="support-4821"]', { hasText: '3 turns' }).waitFor();
    expect(await page.locator('[data-session]').first().getAttribute('data-session')).toBe('support-4821');
  });

  it('reads a long conversation page by page', async () => {
    const start = Date.now() - 86_400_000;
    const items = Array.from(
      { length: 75 },
      (_, i) =>
        new RunBuilder(`run-long-${i}`, start + i * 60_000, {
          session_id: 'long',
          conversational: true,
          prompt: { user_prompt: `Question ${i}` },
        }).end(500, { response: `Answer ${i}` }).items,
    );
    await dashboard.collector.send(...items.flat());
    const page = await visit('/sessions/long');
    await page.locator('[data-turn="run-long-0"]').waitFor();
    await expect
      .poll(
        async () => {
          await page.locator('.scroller').evaluate((element) => element.scrollTo(0, element.scrollHeight));
          return page.getByText('Answer 74', { exact: true }).count();
        },
        { timeout: 30_000 },
      )
      .toBe(1);
    expect(await page.locator('[data-turn]').count()).toBe(75);
  });

  it('finds sessions by what was said in them', async () => {
    const page = await visit('/sessions');
    await page.locator('[data-session="nightly-classify-2026-11-22"]').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('couchette');
    await page.locator('[data-session="nightly-classify-2026-11-22"]').waitFor({ state: 'detached' });
    await page.locator('[data-session="chat-travel-7f3a"]').waitFor();
  });
});
