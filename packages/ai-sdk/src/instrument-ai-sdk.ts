import { shared } from '@observatory/core/recorder';
import { type TelemetryIntegration, telemetryIntegration } from './telemetry-integration.js';

const registry = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };

/** The one that hears of every call. */
export const registeredIntegration = (): TelemetryIntegration =>
  shared('ai-sdk.integration', () => telemetryIntegration());

/**
 * Records every call of the Vercel AI SDK 7 in this process. Call it once, before or after the SDK is loaded; calling it
 * again (hot reload, a second bundle) changes nothing.
 *
 * SDK 5 and 6 have no place to register at; use `wrapAISDK(ai)`, which also does this on 7.
 *
 * @returns a function that takes it back
 *
 * @example
 * ```ts
 * import { instrumentAISDK } from '@observatory/ai-sdk';
 *
 * instrumentAISDK();
 * ```
 */
export function instrumentAISDK(): () => void {
  const ours = registeredIntegration();
  // What the SDK's own registerTelemetry() does; it does not need to be loaded for it.
  registry.AI_SDK_TELEMETRY_INTEGRATIONS ??= [];
  const registered = registry.AI_SDK_TELEMETRY_INTEGRATIONS;
  if (!registered.includes(ours)) registered.push(ours);
  return () => {
    const at = registered.indexOf(ours);
    if (at >= 0) registered.splice(at, 1);
  };
}

/** Every other integration that the host registered for all calls. */
export const otherIntegrations = (): unknown[] =>
  (registry.AI_SDK_TELEMETRY_INTEGRATIONS ?? []).filter((other) => other !== registeredIntegration());
