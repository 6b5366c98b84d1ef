export { type HandlerOptions, ObservatoryCallbackHandler } from './callback-handler.js';
export type { RunDetails } from './map-metadata.js';
