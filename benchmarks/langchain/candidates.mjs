/** How each recorder is put into LangChain: the config of an invocation, and a way to wait until everything has left. */
const nothing = async () => {};

export const candidates = {
  none: async () => ({ config: {}, flush: nothing }),

  'a handler that does nothing': async () => {
    const { BaseCallbackHandler } = await import('@langchain/core/callbacks/base');
    class Nothing extends BaseCallbackHandler {
      name = 'nothing';
      awaitHandlers = true;
      handleChainStart() {}
      handleChainEnd() {}
      handleChatModelStart() {}
      handleLLMNewToken() {}
      handleLLMEnd() {}
      handleToolStart() {}
      handleToolEnd() {}
    }
    return { config: { callbacks: [new Nothing()] }, flush: nothing };
  },

  'Observatory, handler': async (url) => {
    const { configure, flush } = await import('../../packages/core/dist/index.js');
    const { ObservatoryCallbackHandler } = await import('../../packages/langchain/dist/index.js');
    configure({ url, spool: false, memoryLimit: 1e9 });
    return { config: { callbacks: [new ObservatoryCallbackHandler()] }, flush };
  },

  'Observatory, everything': async (url) => {
    const { configure, flush } = await import('../../packages/core/dist/index.js');
    const { instrumentLangChain } = await import('../../packages/langchain/dist/index.js');
    const { CallbackManager } = await import('@langchain/core/callbacks/manager');
    configure({ url, spool: false, memoryLimit: 1e9 });
    instrumentLangChain({ CallbackManager });
    return { config: {}, flush };
  },

  Langfuse: async (url) => {
    const { LangfuseSpanProcessor } = await import('@langfuse/otel');
    const { setLangfuseTracerProvider } = await import('@langfuse/tracing');
    const { CallbackHandler } = await import('@langfuse/langchain');
    const { BasicTracerProvider } = await import('@opentelemetry/sdk-trace-base');
    const processor = new LangfuseSpanProcessor({ publicKey: 'pk', secretKey: 'sk', baseUrl: url });
    setLangfuseTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
    const { awaitAllCallbacks } = await import('@langchain/core/callbacks/promises');
    return {
      config: () => ({ callbacks: [new CallbackHandler()] }),
      flush: () => awaitAllCallbacks().then(() => processor.forceFlush()),
    };
  },

  PostHog: async (url) => {
    const { PostHog } = await import('posthog-node');
    const { LangChainCallbackHandler } = await import('@posthog/ai/langchain');
    const client = new PostHog('phc_bench', { host: url, disableGeoip: true });
    const { awaitAllCallbacks } = await import('@langchain/core/callbacks/promises');
    return {
      config: () => ({ callbacks: [new LangChainCallbackHandler({ client, distinctId: 'bench' })] }),
      flush: () => awaitAllCallbacks().then(() => client.flush()),
    };
  },

  Braintrust: async (url) => {
    process.env.BRAINTRUST_API_URL = url;
    process.env.BRAINTRUST_APP_URL = url;
    const { BraintrustLangChainCallbackHandler, initLogger } = await import('braintrust');
    const options = {
      projectName: 'bench',
      apiKey: 'bench',
      appUrl: url,
      orgName: 'bench',
      asyncFlush: true,
    };
    const logger = initLogger(options);
    const { awaitAllCallbacks } = await import('@langchain/core/callbacks/promises');
    return {
      config: () => ({ callbacks: [new BraintrustLangChainCallbackHandler({ logger })] }),
      flush: () => awaitAllCallbacks().then(() => logger.flush()),
    };
  },

  LangSmith: async (url) => {
    const { Client } = await import('langsmith');
    const { LangChainTracer } = await import('@langchain/core/tracers/tracer_langchain');
    const client = new Client({ apiUrl: url, apiKey: 'bench' });
    const { awaitAllCallbacks } = await import('@langchain/core/callbacks/promises');
    return {
      config: { callbacks: [new LangChainTracer({ client })] },
      flush: () => awaitAllCallbacks().then(() => client.awaitPendingTraceBatches()),
    };
  },

  OpenInference: async (url) => {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
    const { LangChainInstrumentation } = await import('@arizeai/openinference-instrumentation-langchain');
    const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
    const processor = new BatchSpanProcessor(exporter, { maxQueueSize: 100_000 });
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [processor] });
    const instrumentation = new LangChainInstrumentation({ tracerProvider });
    instrumentation.manuallyInstrument(await import('@langchain/core/callbacks/manager'));
    const { awaitAllCallbacks } = await import('@langchain/core/callbacks/promises');
    return { config: {}, flush: () => awaitAllCallbacks().then(() => processor.forceFlush()) };
  },
};
