import { context, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

let provider;
let tracer;

export function setup({ url }) {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  tracer = provider.getTracer('bench');
}

export function record(data) {
  const root = tracer.startSpan('invoke_agent', {
    attributes: { 'gen_ai.conversation.id': data.session, 'gen_ai.input.messages': data.prompt },
  });
  const parent = trace.setSpan(context.active(), root);
  for (const { prompt, response } of data.steps) {
    const span = tracer.startSpan('chat gpt-5', { attributes: { 'gen_ai.request.model': 'gpt-5' } }, parent);
    span.setAttributes({
      'gen_ai.input.messages': prompt,
      'gen_ai.output.messages': response,
      'gen_ai.response.model': 'gpt-5-2026-06-01',
      'gen_ai.usage.input_tokens': 640,
      'gen_ai.usage.output_tokens': 256,
      'gen_ai.response.finish_reasons': ['stop'],
    });
    span.end();
  }
  for (const { name, args, result } of data.tools) {
    const span = tracer.startSpan(
      `execute_tool ${name}`,
      { attributes: { 'gen_ai.tool.name': name } },
      parent,
    );
    span.setAttributes({
      'gen_ai.tool.call.arguments': JSON.stringify(args),
      'gen_ai.tool.call.result': result,
    });
    span.end();
  }
  root.setAttribute('gen_ai.output.messages', data.response);
  root.end();
}

export const flush = () => provider.forceFlush();

export function recordLoop(steps) {
  const root = tracer.startSpan('invoke_agent');
  const parent = trace.setSpan(context.active(), root);
  for (const { prompt, answer } of steps) {
    const span = tracer.startSpan('chat gpt-5', {}, parent);
    span.setAttributes({
      'gen_ai.input.messages': JSON.stringify(prompt),
      'gen_ai.output.messages': JSON.stringify([answer]),
    });
    span.end();
  }
  root.end();
}

export const imports = `export { context, trace } from '@opentelemetry/api';
export { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
export { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'`;
