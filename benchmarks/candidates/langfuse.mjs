import { LangfuseSpanProcessor } from '@langfuse/otel';
import { setLangfuseTracerProvider, startObservation } from '@langfuse/tracing';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

let processor;

export function setup({ url }) {
  processor = new LangfuseSpanProcessor({ publicKey: 'pk', secretKey: 'sk', baseUrl: url });
  setLangfuseTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
}

export function record(data) {
  const root = startObservation('agent', { input: data.prompt, metadata: { session: data.session } });
  for (const { prompt, response } of data.steps) {
    root
      .startObservation(
        'chat',
        {
          model: 'gpt-5',
          input: prompt,
          output: response,
          usageDetails: { input: 512, cache_read_input_tokens: 128, output: 256 },
        },
        { asType: 'generation' },
      )
      .end();
  }
  for (const { name, args, result } of data.tools) {
    root.startObservation(name, { input: args, output: result }, { asType: 'tool' }).end();
  }
  root.update({ output: data.response }).end();
}

export const flush = () => processor.forceFlush();

export function recordLoop(steps) {
  const root = startObservation('agent', {});
  for (const { prompt, answer } of steps) {
    root.startObservation('chat', { input: prompt, output: answer }, { asType: 'generation' }).end();
  }
  root.end();
}

export const imports = `export { LangfuseSpanProcessor } from '@langfuse/otel';
export { setLangfuseTracerProvider, startObservation } from '@langfuse/tracing';
export { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'`;
