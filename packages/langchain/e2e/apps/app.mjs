// Says on stdout what was recorded of one call, made where the first argument says.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { RunnableLambda } from '@langchain/core/runnables';
import { captureRuns } from '@observatory/testing';

const captured = captureRuns();
const chain = RunnableLambda.from((x) => `answer to ${x}`);
const instrument = async () => (await import('@observatory/langchain')).instrumentLangChain();
const server = createServer(async (_, response) => {
  await chain.invoke('server');
  response.end();
});

const places = {
  async plain() {
    await chain.invoke('plain');
  },
  async afterAwait() {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await instrument();
    await chain.invoke('afterAwait');
  },
  async timer() {
    await new Promise((resolve) => {
      setTimeout(async () => {
        await instrument();
        resolve();
      });
    });
    await chain.invoke('timer');
  },
  async server() {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    await instrument();
    await (await fetch(`http://127.0.0.1:${server.address().port}`)).text();
    server.close();
    server.closeAllConnections();
  },
  async noCallbacks() {
    await instrument();
    await chain.invoke('noCallbacks', { callbacks: [] });
  },
};
await places[process.argv[2]]();
const { cache } = createRequire(import.meta.url);
const commonjs = Object.keys(cache).filter((file) => file.endsWith('callbacks/manager.cjs')).length;
console.log(JSON.stringify({ responses: captured.runs.map(({ response }) => response), commonjs }));
