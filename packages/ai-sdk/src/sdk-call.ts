import { askedOf } from './batches.js';
import { Call } from './call.js';
import { labelsIn, mergeLabels } from './labels.js';
import { mapParameters } from './map-parameters.js';
import { labelsOf } from './observe.js';
import { type Fields, fields, text } from './plain.js';
import { quietly } from './quietly.js';

/** The options of a call's telemetry, by either of its names. */
export const telemetryOf = (options: Fields): Fields =>
  fields(options.experimental_telemetry ?? options.telemetry);

/** The call that a function of SDK 5 or 6 makes with these options; undefined when the host opted out. */
export function callWith(operation: string, options: Fields, agent?: string): Call | undefined {
  const telemetry = telemetryOf(options);
  if (telemetry.isEnabled === false) return undefined;
  const inputs = telemetry.recordInputs !== false;
  const labels = labelsOf(telemetry)?.labels ?? labelsIn(telemetry.metadata);
  let call: Call | undefined;
  quietly(() => {
    call = new Call({
      operation,
      functionId: telemetry.functionId,
      labels: agent ? mergeLabels(labels, { agent }) : labels,
      inputs,
      outputs: telemetry.recordOutputs !== false,
      instructions: options.system ?? options.instructions,
      messages:
        options.messages ?? (typeof options.prompt === 'string' ? asUser(options.prompt) : options.prompt),
      prompt: askedOf(options) ?? text(fields(options.prompt).text),
      parameters: mapParameters(options, inputs),
    });
  });
  return call;
}

const asUser = (content: string) => [{ role: 'user', content }];
