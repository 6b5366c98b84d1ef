import { instrumentAISDK, registeredIntegration } from './instrument-ai-sdk.js';
import { type Fields, fields, isFields } from './plain.js';
import { isOurs } from './telemetry-integration.js';

/** In SDK 7 the integrations of a call replace the registered ones: ours joins them. */
export function withOurIntegration(options: Fields): Fields {
  const name = isFields(options.telemetry) ? 'telemetry' : 'experimental_telemetry';
  const telemetry = fields(options[name]);
  if (!('integrations' in telemetry) || telemetry.isEnabled === false) return options;
  const { integrations } = telemetry;
  if (integrations === undefined || integrations === null) return options;
  const given = [integrations].flat();
  if (given.some(isOurs)) return options;
  instrumentAISDK();
  return { ...options, [name]: { ...telemetry, integrations: [registeredIntegration(), ...given] } };
}
