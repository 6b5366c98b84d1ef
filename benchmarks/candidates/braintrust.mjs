let logger;

export async function setup({ url }) {
  process.env.BRAINTRUST_API_URL = url;
  process.env.BRAINTRUST_APP_URL = url;
  const { initLogger } = await import('braintrust');
  logger = initLogger({
    projectName: 'bench',
    apiKey: 'bench',
    appUrl: url,
    orgName: 'bench',
    asyncFlush: true,
  });
}

export function record(data) {
  const root = logger.startSpan({ name: 'agent', type: 'task' });
  for (const { prompt, response } of data.steps) {
    const span = root.startSpan({ name: 'chat', type: 'llm' });
    span.log({
      input: prompt,
      output: response,
      metadata: { model: 'gpt-5' },
      metrics: { prompt_tokens: 640, completion_tokens: 256 },
    });
    span.end();
  }
  for (const { name, args, result } of data.tools) {
    const span = root.startSpan({ name, type: 'tool' });
    span.log({ input: args, output: result });
    span.end();
  }
  root.log({ input: data.prompt, output: data.response, metadata: { session: data.session } });
  root.end();
}

export const flush = () => logger.flush();

export function recordLoop(steps) {
  const root = logger.startSpan({ name: 'agent', type: 'task' });
  for (const { prompt, answer } of steps) {
    const span = root.startSpan({ name: 'chat', type: 'llm' });
    span.log({ input: prompt, output: answer });
    span.end();
  }
  root.end();
}

export const imports = `export { initLogger } from 'braintrust'`;
