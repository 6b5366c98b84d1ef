export { type HandlerOptions, ObservatoryCallbackHandler } from './callback-handler.js';
export { type InstrumentOptions, instrumentLangChain } from './instrument-langchain.js';
export type { RunDetails } from './map-metadata.js';
