/** Each wrapper of an OpenAI client as its own documentation sets it up, sending to the sink. */
const dist = new URL('../packages/', import.meta.url);

export const wrappers = {
  async observatory({ url }) {
    const { configure, flush } = await import(new URL('core/dist/index.js', dist).href);
    const { wrapOpenAI } = await import(new URL('openai/dist/index.js', dist).href);
    configure({ url, spool: false, memoryLimit: 1e9 });
    return { wrap: (client) => wrapOpenAI(client), flush };
  },

  /** As in an agent: the calls are steps of a run that is there already. */
  async 'observatory, in a run'(options) {
    const { withRun } = await import(new URL('core/dist/index.js', dist).href);
    const around = (work) => withRun({ name: 'agent' }, work);
    return { ...(await wrappers.observatory(options)), around };
  },

  async langfuse({ url }) {
    const { LangfuseSpanProcessor } = await import('@langfuse/otel');
    const { setLangfuseTracerProvider } = await import('@langfuse/tracing');
    const { BasicTracerProvider } = await import('@opentelemetry/sdk-trace-base');
    const { observeOpenAI } = await import('@langfuse/openai');
    const processor = new LangfuseSpanProcessor({ publicKey: 'pk', secretKey: 'sk', baseUrl: url });
    setLangfuseTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
    return { wrap: (client) => observeOpenAI(client), flush: () => processor.forceFlush() };
  },

  async langsmith({ url }) {
    process.env.LANGSMITH_TRACING = 'true';
    const { Client } = await import('langsmith');
    const { wrapOpenAI } = await import('langsmith/wrappers');
    const client = new Client({ apiUrl: url, apiKey: 'bench' });
    return {
      wrap: (openai) => wrapOpenAI(openai, { client, tracingEnabled: true }),
      flush: () => client.awaitPendingTraceBatches(),
    };
  },

  async braintrust({ url }) {
    process.env.BRAINTRUST_API_URL = url;
    process.env.BRAINTRUST_APP_URL = url;
    const { initLogger, wrapOpenAI } = await import('braintrust');
    const logger = initLogger({
      projectName: 'bench',
      apiKey: 'bench',
      appUrl: url,
      orgName: 'bench',
      asyncFlush: true,
    });
    return { wrap: (client) => wrapOpenAI(client), flush: () => logger.flush() };
  },

  async posthog({ url }) {
    const { OpenAI } = await import('@posthog/ai/openai');
    const { PostHog } = await import('posthog-node');
    const posthog = new PostHog('phc_bench', { host: url, flushAt: 20 });
    // A subclass, of the newest version it supports: it is built instead of wrapped.
    return {
      client: 'openai',
      wrap: (_client, options) => new OpenAI({ ...options, posthog }),
      flush: () => posthog.flush(),
    };
  },

  async sentry({ url }) {
    const Sentry = await import('@sentry/node');
    const { host } = new URL(url);
    Sentry.init({
      dsn: `http://key@${host}/1`,
      tracesSampleRate: 1,
      defaultIntegrations: false,
      dataCollection: { genAI: { inputs: true, outputs: true } },
      sendDefaultPii: true,
    });
    return {
      wrap: (client) => Sentry.instrumentOpenAiClient(client, { recordInputs: true, recordOutputs: true }),
      flush: () => Sentry.flush(10_000),
    };
  },

  async openinference({ url }) {
    const { OpenAIInstrumentation } = await import('@arizeai/openinference-instrumentation-openai');
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
    const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
    const processor = new BatchSpanProcessor(exporter, { maxQueueSize: 100_000 });
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [processor] });
    const instrumentation = new OpenAIInstrumentation({ tracerProvider });
    return {
      wrap(_client, options, OpenAI) {
        if (!instrumentation.patched) instrumentation.manuallyInstrument(OpenAI);
        instrumentation.patched = true;
        return new OpenAI(options);
      },
      flush: () => processor.forceFlush(),
    };
  },
};
