export { instrumentAISDK } from './instrument-ai-sdk.js';
export { type ObserveOptions, observe, type SdkTelemetryOptions } from './observe.js';
export { wrapAISDK } from './wrap-ai-sdk.js';
