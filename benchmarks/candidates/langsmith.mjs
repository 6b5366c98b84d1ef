import { Client, RunTree } from 'langsmith';

let client;
const open = new Set();

export function setup({ url }) {
  process.env.LANGSMITH_TRACING = 'true';
  client = new Client({ apiUrl: url, apiKey: 'bench' });
}

const kept = (promise) => {
  open.add(promise);
  promise.finally(() => open.delete(promise)).catch(() => {});
};

export function record(data) {
  const root = new RunTree({
    name: 'agent',
    run_type: 'chain',
    inputs: { prompt: data.prompt },
    metadata: { session: data.session },
    client,
  });
  const done = [root.postRun()];
  const child = (name, run_type, inputs, outputs) => {
    const run = root.createChild({ name, run_type, inputs });
    done.push(run.postRun());
    done.push(run.end(outputs).then(() => run.patchRun()));
  };
  for (const { prompt, response } of data.steps) {
    child(
      'chat',
      'llm',
      { prompt },
      { response, usage_metadata: { input_tokens: 640, output_tokens: 256, total_tokens: 896 } },
    );
  }
  for (const { name, args, result } of data.tools) child(name, 'tool', args, { result });
  done.push(root.end({ response: data.response }).then(() => root.patchRun()));
  const all = Promise.all(done);
  kept(all);
  return all;
}

export async function flush() {
  await Promise.all(open);
  await client.awaitPendingTraceBatches();
}

export function recordLoop(steps) {
  const root = new RunTree({ name: 'agent', run_type: 'chain', inputs: {}, client });
  const done = [root.postRun()];
  for (const { prompt, answer } of steps) {
    const run = root.createChild({ name: 'chat', run_type: 'llm', inputs: { messages: prompt } });
    done.push(run.postRun());
    done.push(run.end({ message: answer }).then(() => run.patchRun()));
  }
  done.push(root.end({}).then(() => root.patchRun()));
  kept(Promise.all(done));
}

export const imports = `export { Client, RunTree } from 'langsmith'`;
