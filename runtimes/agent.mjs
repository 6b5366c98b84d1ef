// One agent, on whatever runtime runs it: everything the ambient run has to cross, then an un-awaited end.
import { bind, configure, currentRun, flush, run, session, traced, withRun } from '@observatory/core';

/**
 * @param {string} url of the collector
 * @param {string} runtime names the session
 * @returns what was lost on the way, for the test to look at
 */
export async function agent(url, runtime) {
  configure({ url, spool: false });
  const lost = [];
  const expectRun = (where, r) => {
    if (currentRun() !== r) lost.push(where);
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
  const chat = session(runtime, { conversational: true });

  const search = traced(
    async (query) => {
      await pause();
      return withRun({ name: 'researcher' }, async (inner) => {
        inner.prompt(query);
        inner.response('42');
        return '42';
      });
    },
    { as: 'tool', name: 'search' },
  );

  await chat.withRun({ name: 'boss' }, async (r) => {
    r.prompt('What is the answer?');
    expectRun('await', await pause().then(() => r));
    await new Promise((resolve) =>
      setTimeout(() => {
        expectRun('timer', r);
        resolve();
      }, 1),
    );
    const step = r
      .step()
      .prompt([{ role: 'user', content: 'What is the answer?' }])
      .model('gpt-4o-mini');
    step.response({ role: 'assistant', content: 'searching' }).tokens({ uncached: 10, completion: 2 }).end();
    r.response(await search('the answer'));
    expectRun('traced', r);
  });

  const outside = run({ sessionId: runtime });
  const bound = withRun(outside, () => bind(() => expectRun('bind', outside)));
  bound();
  const stream = withRun(outside, async function* () {
    expectRun('generator', outside);
    yield 1;
    await pause();
    expectRun('generator after await', outside);
  });
  for await (const _ of stream);
  outside.prompt('outside');
  await outside.error(new Error('planned'));

  const { delivered, dropped, complete } = await flush();
  return { lost, delivered: delivered > 0, dropped, complete };
}
