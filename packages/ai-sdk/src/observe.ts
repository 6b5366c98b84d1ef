import { otherIntegrations } from './instrument-ai-sdk.js';
import type { Labels } from './labels.js';
import { defined, type Fields, isFields } from './plain.js';
import { type TelemetryIntegration, telemetryIntegration } from './telemetry-integration.js';

export interface ObserveOptions {
  /** Groups runs: a conversation, a workflow, a batch. */
  sessionId?: string | undefined;
  userId?: string | undefined;
  /** The agent's name, e.g. `support-agent`. */
  agent?: string | undefined;
  /** Shows the runs of the session as one continuous conversation. */
  conversational?: boolean | undefined;
  tags?: readonly string[] | undefined;
  metadata?: Record<string, unknown> | undefined;
}

/** Whatever else the SDK's own option takes is handed on: `isEnabled`, `recordInputs`, `recordOutputs`, `functionId`, `tracer`, … */
export interface SdkTelemetryOptions {
  isEnabled?: boolean;
  recordInputs?: boolean;
  recordOutputs?: boolean;
  functionId?: string;
}

/** Where the labels of a call stand in what `observe()` returns. Shared by all copies of this package. */
export const LABELS: unique symbol = Symbol.for('observatory.ai-sdk.labels.v1');

const OWN_KEYS = new Set([
  'sessionId',
  'userId',
  'agent',
  'conversational',
  'tags',
  'metadata',
  'integrations',
]);

/**
 * Says whose call this is, in the SDK's own option: `telemetry` in 7, `experimental_telemetry` in 5 and 6.
 *
 * What is said here goes before the scope the call is made in (`withRun`), and that before what a request says.
 *
 * @example
 * ```ts
 * await generateText({
 *   model,
 *   prompt,
 *   telemetry: observe({ sessionId: 'chat-42', userId: 'u-7', agent: 'support', metadata: { plan: 'pro' } }),
 * });
 * ```
 */
export function observe<Options extends ObserveOptions & SdkTelemetryOptions>(
  options: Options,
): Omit<Options, keyof ObserveOptions | 'integrations'> & SdkTelemetryOptions {
  const given: ObserveOptions & { integrations?: unknown } = options;
  const labels = readLabels(given);
  const settings: Fields = {};
  for (const [key, value] of Object.entries(options)) if (!OWN_KEYS.has(key)) settings[key] = value;
  // SDK 5 and 6 carry this to the host's own tracer; only text, numbers and booleans are attributes there.
  const attributes = attributesOf(given);
  if (Object.keys(attributes).length > 0) settings.metadata = attributes;
  let tagged: TelemetryIntegration | undefined;
  Object.defineProperty(settings, 'integrations', {
    enumerable: true,
    configurable: true,
    // Read once a call: options that are used again, e.g. as an agent's settings, follow what is registered by then.
    get: () => {
      tagged ??= telemetryIntegration(labels);
      const { integrations } = given;
      return [tagged, ...(integrations === undefined ? otherIntegrations() : [integrations].flat())];
    },
  });
  // Enumerable: whoever spreads the options into others takes it along.
  Object.assign(settings, { [LABELS]: { labels, integrations: given.integrations } });
  return settings as Omit<Options, keyof ObserveOptions | 'integrations'> & SdkTelemetryOptions;
}

function readLabels({ sessionId, userId, agent, conversational, tags, metadata }: ObserveOptions): Labels {
  return defined({ sessionId, userId, agent, conversational, tags, metadata });
}

function attributesOf({ sessionId, userId, agent, metadata }: ObserveOptions): Fields {
  const attributes: Fields = {};
  for (const [key, value] of Object.entries({ ...metadata, sessionId, userId, agent })) {
    if (['string', 'number', 'boolean'].includes(typeof value)) attributes[key] = value;
  }
  return attributes;
}

/** The labels that `observe()` put into an option of the SDK. */
export function labelsOf(telemetry: unknown): { labels: Labels; integrations: unknown } | undefined {
  if (!isFields(telemetry)) return undefined;
  return (telemetry as { [LABELS]?: { labels: Labels; integrations: unknown } })[LABELS];
}
