import { shared } from '@observatory/core/recorder';
import { asked, askedOf, endBatch, startBatch } from './batches.js';
import { Call, objectText } from './call.js';
import { calls } from './calls.js';
import { type Labels, labelsIn, mergeLabels } from './labels.js';
import { mapParameters } from './map-parameters.js';
import type { ModelCall } from './model-call.js';
import { type Fields, fields, isFields, text } from './plain.js';
import { quietly } from './quietly.js';
import { record } from './record.js';
import { isRecordedHere } from './wrap-single.js';

/** What SDK 7 lets an integration wrap. */
interface Execution {
  callId: string;
  toolCallId?: string;
  execute: () => PromiseLike<unknown>;
}

type Hook = (event: unknown) => void;

/** An integration in the shape of SDK 7's `Telemetry`. */
export interface TelemetryIntegration {
  readonly [hook: `on${string}`]: Hook;
  executeLanguageModelCall(execution: Execution): Promise<unknown>;
  executeTool(execution: Execution): Promise<unknown>;
}

/** Which integration took a call on: another one of ours that hears of it keeps out. */
const takenBy = new WeakMap<Call, object>();

/**
 * The hooks of SDK 7 for calls with these labels. All of them are synchronous and return nothing: the SDK awaits them. The
 * two that wrap the host's work call it exactly once and hand back what it gives.
 */
export function telemetryIntegration(labels: Labels = {}): TelemetryIntegration {
  const own = {};
  const find = (callId: unknown): Call | undefined => {
    const call = calls.get(text(callId));
    return call && takenBy.get(call) === own ? call : undefined;
  };
  const on =
    (hook: (call: Call, event: Fields) => void): Hook =>
    (event) =>
      quietly(() => {
        const call = isFields(event) ? find(event.callId) : undefined;
        if (call) hook(call, event as Fields);
      });

  const integration: TelemetryIntegration = {
    onStart: (event) =>
      quietly(() => {
        const call = isFields(event) ? start(event, labels) : undefined;
        if (!call) return;
        takenBy.set(call, own);
        // What the host calls in its own callbacks, prepareStep for one, belongs to the run. The SDK has awaited by now, so this
        // reaches nobody but the SDK.
        if (call.owned && TEXT.has(call.operation)) record.enterScope({ run: call.run });
      }),
    onLanguageModelCallStart: on((call, event) => {
      // A streamed call tells of each attempt.
      if (call.retried) return;
      call.startStep({
        provider: text(event.provider),
        modelId: text(event.modelId),
        messages: call.messages(event.instructions, event.messages),
        tools: event.tools,
        parameters: stepParameters(call, event),
      });
    }),
    onLanguageModelCallEnd: on((call, event) => call.step?.answer(event)),
    onStepEnd: on((call, event) => call.endStep(event)),
    onStepError: on((call, event) => call.failStep(event.error)),
    onToolExecutionStart: on((call, event) => call.tools.start(fields(event.toolCall), call.step?.step)),
    onToolExecutionEnd: on((call, event) =>
      call.tools.end({ ...fields(event.toolCall), ...fields(event.toolOutput) }),
    ),
    onObjectStepStart: on((call, event) => {
      const step = call.startStep({
        provider: text(event.provider),
        modelId: text(event.modelId),
        messages: call.messages(undefined, event.promptMessages),
        parameters: call.parameters,
      });
      step.attempt();
      // The SDK has no wrapper around this model call.
      record.enterScope(step.scope);
    }),
    onObjectStepEnd: on((call, event) => call.step?.answer(event)),
    onEmbedStart: on((call, event) => {
      startBatch(call, event, 'embedding', call.parameters);
      record.enterScope(call.step?.scope);
    }),
    onEmbedEnd: on(endBatch),
    onRerankStart: on((call, event) => {
      startBatch(call, event, 'rerank', call.parameters);
      record.enterScope(call.step?.scope);
    }),
    onRerankEnd: on(endBatch),
    onEnd: on(end),
    onAbort: on((call, event) => call.abort(event.reason)),
    onError: on((call, event) => call.fail(event.error)),

    async executeLanguageModelCall({ callId, execute }) {
      let step: ModelCall | undefined;
      quietly(() => {
        step = find(callId)?.step;
        step?.attempt();
      });
      if (!step) return await execute();
      const { scope } = step;
      try {
        const result = await record.within(scope, execute);
        quietly(() => step?.answered(result));
        return result;
      } catch (error) {
        quietly(() => step?.attemptFailed(error));
        throw error;
      }
    },

    async executeTool({ callId, toolCallId, execute }) {
      const scope = find(callId)?.tools.scope(toolCallId);
      return await (scope ? record.within(scope, execute) : execute());
    },
  };
  ours.add(integration);
  return integration;
}

const ours = shared('ai-sdk.integrations', () => new WeakSet<object>());

export const isOurs = (integration: unknown): boolean => isFields(integration) && ours.has(integration);

const TEXT = new Set(['ai.generateText', 'ai.streamText']);

/** Operations that tell of their start and end alone. */
const SINGLE_STEP: Record<string, string> = {
  'ai.generateSpeech': 'speech',
  'ai.transcribe': 'transcription',
};

function start(event: Fields, labels: Labels): Call | undefined {
  const callId = text(event.callId);
  // SDK 6 keeps its integrations in the same list and calls some hooks by the same names, but says nothing of the call.
  const operation = text(event.operationId);
  if (callId === undefined || operation === undefined || calls.get(callId) || isRecordedHere())
    return undefined;
  const inputs = event.recordInputs !== false;
  const call = new Call(
    {
      operation,
      functionId: event.functionId,
      labels: mergeLabels(labels, labelsIn(event.runtimeContext)),
      inputs,
      outputs: event.recordOutputs !== false,
      instructions: event.instructions ?? event.system,
      messages: event.messages ?? messagesIn(event.prompt),
      prompt: askedOf(event),
      parameters: mapParameters(event, inputs),
    },
    () => calls.over(callId),
  );
  calls.add(callId, call);
  const kind = SINGLE_STEP[operation];
  if (kind) {
    const step = call.startStep({
      kind,
      provider: text(event.provider),
      modelId: text(event.modelId),
      parameters: call.parameters,
      messages: call.messages(undefined, asked([askedOf(event)])),
    });
    step.attempt();
  }
  return call;
}

const messagesIn = (prompt: unknown): unknown => (typeof prompt === 'string' ? asked([prompt]) : prompt);

/** What a step was called with; the choice of tools is said only once, for the whole call. */
function stepParameters(call: Call, event: Fields): Fields | undefined {
  const choice = call.parameters?.tool_choice;
  const own = mapParameters(event, call.inputs);
  return choice === undefined ? own : { tool_choice: choice, ...own };
}

function end(call: Call, event: Fields): void {
  if (event.error !== undefined) {
    // streamObject tells of an object that does not fit its schema here, not as an error.
    call.fail(event.error);
    return;
  }
  if (SINGLE_STEP[call.operation] && call.step && !call.step.over) {
    // Speech repeats what was said as `text`; a transcription is `text`.
    const said = call.operation === 'ai.transcribe' ? text(event.text) : undefined;
    call.step.answer({ ...event, content: said === undefined ? [] : [{ type: 'text', text: said }] });
    call.end(said);
    return;
  }
  call.end('object' in event ? objectText(event.object) : undefined);
}
