import { run } from '@observatory/core';
import { contentHash } from '@observatory/core/recorder';
import type { ContentRefs, StepItem, WireItem } from '@observatory/core/wire';
import { expect, test } from 'vitest';
import { captureRuns } from './capture-runs.js';
import { capturedContents } from './captured-contents.js';

const step = (messages: ContentRefs): StepItem => ({ type: 'step', run_id: 'r', step_id: 's', messages });

test('a loop whose steps repeat all messages shows each step whole', async () => {
  using captured = captureRuns();
  const agent = run().prompt('go');
  const history = [{ role: 'system', content: 'be kind' }];
  const sent: (typeof history)[] = [];
  const tools = [{ name: 'search' }, { name: 'fetch' }];
  for (let n = 0; n < 10; n++) {
    history.push({ role: 'user', content: `${n}` });
    sent.push([...history]);
    agent.step().prompt(history).response('ok').toolDefinitions(tools).end();
  }
  await agent.response('done').end();
  expect(captured.runs[0]?.steps.map(({ messages }) => messages)).toEqual(sent);
  expect(captured.runs[0]?.steps.map(({ tool_definitions }) => tool_definitions)).toEqual(
    sent.map(() => tools),
  );
});

test('what a ref names is found wherever it stands, and what is missing is named', () => {
  const [a, b] = [
    { role: 'user', content: 'a' },
    { role: 'user', content: 'b' },
  ];
  const first: ContentRefs = [a, 'chosen'];
  const base = `@${contentHash(JSON.stringify([contentHash(JSON.stringify(a)), 'chosen']))}`;
  const items: WireItem[] = [step([base, b]), step(first), { type: 'content', hash: 'chosen', body: b }];
  const { resolve } = capturedContents(items);
  const missing = (ref: string) => ({ missing: ref });
  expect(resolve([base, contentHash(JSON.stringify(b)), 'lost'], missing)).toEqual([
    a,
    b,
    b,
    { missing: 'lost' },
  ]);
  expect(resolve([`@${'x'.repeat(22)}`, a], missing)).toEqual([{ missing: `@${'x'.repeat(22)}` }, a]);
});
