export { bind, currentRun } from './ambient.js';
export {
  type ClientConfig,
  configure,
  type Redact,
  type RedactContext,
  type SampleContext,
} from './config.js';
export { type Diagnostic, ObservatoryError } from './diagnostics.js';
export { type FeedbackInput, submitFeedback } from './feedback.js';
export { flush, shutdown } from './flush.js';
export type { FlushOptions, Receipt } from './outbox.js';
export { type PromptInput, type ResponseInput, Run, type RunOptions, run } from './run.js';
export {
  type RunInput,
  type StepInput,
  sendRun,
  sendStep,
  sendToolCall,
  type ToolCallInput,
} from './send.js';
export { type Session, session } from './session.js';
export { type ModelConfig, Step, type StepOptions, type TokenUsage } from './step.js';
export { ToolCall, type ToolCallOptions } from './tool-call.js';
export { type TracedOptions, traced } from './traced.js';
export type { Message, Outcome } from './wire.js';
export { withRun } from './with-run.js';
