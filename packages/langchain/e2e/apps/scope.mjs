// Calls models in every way on both lines and says on stdout where the caller's own scope had changed afterwards.
import { recorder } from '@observatory/core/recorder';
import { ObservatoryCallbackHandler } from '@observatory/langchain';
import { captureRuns, modelServer } from '@observatory/testing';

const { enteredScope } = recorder('scope-test');
const server = await modelServer();
const captured = captureRuns();
const lines = {
  '1.x': await import('@langchain/openai'),
  0.3: await import('@observatory/langchain-compat-0.3'),
};
const leaks = [];
for (const [line, { ChatOpenAI }] of Object.entries(lines)) {
  const model = new ChatOpenAI({ model: 'gpt-5', apiKey: 'k', configuration: { baseURL: server.url } });
  const config = { callbacks: [new ObservatoryCallbackHandler()] };
  const check = (where) => enteredScope() && leaks.push(`${line} ${where}`);
  const ways = {
    invoke: () => model.invoke('a', config),
    batch: () => model.batch(['a', 'b'], config),
    concurrent: () => Promise.all([model.invoke('a', config), model.invoke('b', config)]),
    async stream() {
      for await (const _ of await model.stream('a', config)) check('inside the loop');
    },
    async leave() {
      for await (const _ of await model.stream('a', config)) break;
    },
  };
  for (const [way, call] of Object.entries(ways)) {
    await new Promise((resolve) => {
      setTimeout(async () => {
        await call();
        check(way);
        resolve();
      });
    });
  }
}
const runs = captured.runs.filter(({ steps }) => steps.length === 1).length;
console.log(JSON.stringify({ leaks, runs }));
await server.close();
