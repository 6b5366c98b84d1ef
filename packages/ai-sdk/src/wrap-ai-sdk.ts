import { instrumentAISDK } from './instrument-ai-sdk.js';

export function wrapAISDK<Namespace extends object>(ai: Namespace): Namespace {
  if ('registerTelemetry' in ai) instrumentAISDK();
  return ai;
}
