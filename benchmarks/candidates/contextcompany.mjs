import { configure, run } from '@contextcompany/custom';

const open = new Set();

export function setup({ url }) {
  configure({ apiKey: 'bench', url: `${url}/v1/custom` });
}

const kept = (promise) => {
  open.add(promise);
  return promise.finally(() => open.delete(promise));
};

export function record(data) {
  const r = run({ runId: data.id, sessionId: data.session }).prompt(data.prompt);
  for (const { prompt, response } of data.steps) {
    r.step()
      .prompt(prompt)
      .response(response)
      .model({ requested: 'gpt-5', used: 'gpt-5-2026-06-01' })
      .tokens({ uncached: 512, cached: 128, completion: 256 })
      .finishReason('stop')
      .end();
  }
  for (const { name, args, result } of data.tools) r.toolCall(name).args(args).result(result).end();
  return kept(r.response(data.response).end());
}

export async function flush() {
  await Promise.all(open);
}

export function recordLoop(steps) {
  const r = run({ runId: 'loop' }).prompt('go on until it is done');
  for (const { prompt, answer } of steps) {
    r.step().prompt(JSON.stringify(prompt)).response(answer.content).model({ used: 'gpt-5' }).end();
  }
  return kept(r.response('done:0;').end());
}

export const imports = `export { configure, run } from '@contextcompany/custom'`;
