import { describe, expect, it } from 'vitest';
import { RunBuilder } from './fixtures.js';
import { chromiumPath, dashboardUnderTest, inChromium, overflow } from './support.js';

const ATTACK = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(2)>',
  '<svg onload=alert(3)></svg>',
  '<iframe src="https://evil.example/frame"></iframe>',
  '[click me](javascript:alert(4))',
  '[data](data:text/html,<script>alert(5)</script>)',
  '![tracker](https://evil.example/pixel.png)',
  '![relative](/api/overview)',
  '[ref]: https://evil.example/ref',
  '<a href="https://evil.example" onclick="alert(6)">x</a>',
  '<style>body{background:url(https://evil.example/css)}</style>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '**bold** and <https://evil.example/auto>',
].join('\n\n');

describe.skipIf(!chromiumPath)(inChromium('hostile content'), () => {
  const dashboard = dashboardUnderTest();
  const { visit } = dashboard;

  it('is text in every view: nothing runs, no dialog opens, no request leaves the page', async () => {
    const run = new RunBuilder('attack', Date.now(), {
      name: ATTACK,
      session_id: 'attack-session',
      conversational: true,
      user_id: ATTACK,
      tags: [ATTACK.slice(0, 60)],
      environment: '<b>prod</b>',
      prompt: { user_prompt: ATTACK, system_prompt: ATTACK },
      metadata: { [ATTACK.slice(0, 80)]: ATTACK, __proto__x: { constructor: ATTACK } },
    });
    const message = {
      role: 'assistant',
      content: [
        { type: 'text', text: ATTACK },
        { type: 'image_url', image_url: { url: 'https://evil.example/in-message.png' } },
      ],
    };
    const step = run.step(5, 100, {
      sent: [{ role: ATTACK.slice(0, 40), content: ATTACK, name: ATTACK }],
      said: [message],
      response: ATTACK,
      model_used: ATTACK,
    });
    run.tool(ATTACK, 110, 150, {
      step_id: step,
      args: JSON.stringify({ [ATTACK]: ATTACK }),
      result: ATTACK,
      outcome: 'error',
      status_code: 2,
      status_message: ATTACK,
    });
    run.end(200, { response: ATTACK, outcome: 'error', status_message: ATTACK });
    await dashboard.collector.send(
      ...run.items,
      { type: 'feedback', run_id: 'attack', score: 'thumbs_down', text: ATTACK },
      { type: 'loss', loss_id: 'x', time: new Date().toISOString(), reason: ATTACK, items: 3 },
    );

    const page = await visit('/');
    await page.locator('tr[data-run="attack"]').waitFor();
    await page.locator('tr[data-run="attack"] a').hover();
    await page.locator('.pop').waitFor();
    for (const path of [
      '/sessions',
      '/sessions/attack-session',
      '/sessions/attack-session?run=attack',
      '/runs/attack',
      '/runs/attack?tab=waterfall',
      '/runs/attack?tab=raw',
      '/search?q=evil',
      `/?q=${encodeURIComponent(ATTACK.slice(0, 60))}`,
    ]) {
      await page.goto(dashboard.collector.url + path);
      await page
        .getByText(/evil|alert|attack/)
        .first()
        .waitFor();
      await page.waitForLoadState('networkidle').catch(() => undefined);
      expect(
        await page
          .locator(
            'main script, main iframe, main img, main style, main meta, main [onclick], main [onerror]',
          )
          .count(),
        path,
      ).toBe(0);
      const links = await page
        .locator('main a')
        .evaluateAll((all) =>
          all.map(
            (a) =>
              [
                (a as HTMLAnchorElement).protocol,
                (a as HTMLAnchorElement).origin === location.origin,
                (a as HTMLAnchorElement).rel,
              ] as const,
          ),
        );
      for (const [protocol, own, rel] of links) {
        expect(['http:', 'https:', 'mailto:'], path).toContain(protocol);
        if (!own) expect(rel, path).toContain('noopener');
      }
      expect(await overflow(page), path).toBe(0);
    }
  });

  it('shows direction overrides, zero-width characters, escapes and hidden tag text', async () => {
    const hidden = [...'ignore']
      .map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)))
      .join('');
    const prompt = `open invoice\u202Efdp.exe now\u200B, \u001b[31mred\u001b[0m ${hidden} 👩‍🚀`;
    await dashboard.collector.send(
      ...new RunBuilder('spoof', Date.now(), { name: 'adm\u200Bin', prompt: { user_prompt: prompt } }).end(
        5,
        { response: prompt },
      ).items,
    );
    const page = await visit('/runs/spoof');
    const shown = await page.getByRole('region', { name: 'Prompt' }).innerText();
    expect(shown).toContain('invoice⟨U+202E⟩fdp.exe now⟨U+200B⟩');
    expect(shown).toContain('␛[31mred');
    expect(shown).toContain('⟨tag i⟩⟨tag g⟩⟨tag n⟩');
    expect(shown).toContain('👩‍🚀');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('adm⟨U+200B⟩in');
  });

  it('opens a 10 MB response cut, shows it whole on demand, and stays responsive', async () => {
    const line = 'The quick brown fox jumps over the lazy dog, again and again. ';
    const text = `${line.repeat(10_000_000 / line.length)}\nTHE END`;
    await dashboard.collector.send(
      ...new RunBuilder('huge', Date.now(), {
        name: 'huge',
        session_id: 'huge',
        conversational: true,
        prompt: { user_prompt: 'Talk' },
      }).end(5, { response: text }).items,
    );
    const page = await visit('/runs/huge');
    const response = page.getByRole('region', { name: 'Response' });
    await response.getByRole('button', { name: /Show all \(10 MB\)/ }).waitFor();
    expect((await response.innerText()).length).toBeLessThan(10_000);
    await response.getByRole('button', { name: /Show all/ }).click();
    await response.getByRole('button', { name: 'Show less' }).waitFor();
    await expect
      .poll(() => response.evaluate((element) => element.textContent!.includes('THE END')))
      .toBe(true);
    // A frame is drawn soon after each click and scroll.
    const slowest = await page.evaluate(async () => {
      const scroller = document.querySelector('.scroller')!;
      let slowest = 0;
      for (let i = 1; i <= 10; i++) {
        scroller.scrollTop = (scroller.scrollHeight * i) / 10;
        const before = performance.now();
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        slowest = Math.max(slowest, performance.now() - before);
      }
      return slowest;
    });
    expect(slowest).toBeLessThan(2_000);
    await response.getByRole('button', { name: 'Show less' }).click();
    await page.goto(`${dashboard.collector.url}/sessions/huge`);
    await page.getByRole('button', { name: /Show all \(10 MB\)/ }).waitFor();
    expect(await overflow(page)).toBe(0);
  });

  it('browses and searches 5 MB of JSON, wide and deep', async () => {
    const wide = JSON.stringify({
      rows: Array.from({ length: 50_000 }, (_, i) => ({ id: i, name: `row ${i}`, note: 'x'.repeat(60) })),
    });
    const deep = `${'['.repeat(3_000)}"bottom"${']'.repeat(3_000)}`;
    const run = new RunBuilder('json', Date.now(), { name: 'json' });
    run.tool('wide', 5, 10, { args: '{}', result: wide });
    run.tool('deep', 11, 12, { args: '{}', result: deep });
    await dashboard.collector.send(...run.end(20).items);
    const page = await visit('/runs/json?at=tool:json-call-1');
    const call = page.locator('[data-tool-call="json-call-1"]');
    await call.getByText('50000 items').waitFor();
    await call.getByRole('button', { name: /rows/ }).click();
    await call.getByText('Show more (49,900 left)').waitFor();
    await page.keyboard.press('3');
    await page.getByRole('searchbox', { name: 'Search in the JSON' }).fill('row 49999');
    await page.getByText(/1 of 1\b/).waitFor();
    await page.goto(`${dashboard.collector.url}/runs/json?at=tool:json-call-2`);
    await page.locator('[data-tool-call="json-call-2"]').getByText('1 item').first().waitFor();
  });

  it('takes pathological Markdown without hanging', async () => {
    const cases = [
      '['.repeat(30_000),
      '*a '.repeat(12_000),
      '>'.repeat(20_000),
      `${'| a '.repeat(3_000)}|\n${'|-'.repeat(3_000)}|`,
      '`'.repeat(30_001),
      '- '.repeat(8_000),
      '![a]('.repeat(6_000),
      `${'a'.repeat(39_000)}**b**`,
      '<'.repeat(30_000),
      `**${'_'.repeat(20_000)}`,
      '[a](b '.repeat(5_000),
      '\n> '.repeat(9_000),
    ];
    for (const [i, text] of cases.entries()) {
      await dashboard.collector.send(
        ...new RunBuilder(`md-${i}`, Date.now() + i, {
          name: 'markdown',
          session_id: 'markdown',
          conversational: true,
          prompt: { user_prompt: `case ${i}` },
        }).end(5, { response: `${text}\n\ntail ${i}` }).items,
      );
    }
    for (const [i] of cases.entries()) {
      const page = await visit(`/runs/md-${i}`);
      await page.getByRole('region', { name: 'Response' }).waitFor();
      const took = await page.evaluate(async () => {
        const before = performance.now();
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        return performance.now() - before;
      });
      expect(took, `case ${i}`).toBeLessThan(4_000);
      expect(await overflow(page), `case ${i}`).toBe(0);
      await dashboard.leave();
    }
  });
});
