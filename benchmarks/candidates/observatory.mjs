import { configure, flush, run } from '../../packages/core/dist/index.js';

export function setup({ url, compress }) {
  configure({ url, spool: false, memoryLimit: 1e9, ...(compress && { compress: true }) });
}

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
  return r.response(data.response).end();
}

export { flush };

export function recordLoop(steps) {
  const r = run({ runId: 'loop' }).prompt('go on until it is done');
  for (const { prompt, answer } of steps) r.step().prompt(prompt).response(answer).model('gpt-5').end();
  return r.response('done:0;').end();
}

export const imports = `export { configure, flush, run } from '../packages/core/dist/index.js'`;
