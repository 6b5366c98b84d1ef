export { type Captured, captureRuns } from './capture/capture-runs.js';
export type { CapturedRun, CapturedStep, CapturedToolCall } from './capture/captured-run.js';
export { type ModelServer, type ModelServerOptions, modelServer } from './model-server/model-server.js';
export type {
  Choice,
  ConnectionReply,
  Cut,
  ErrorReply,
  Habit,
  Match,
  ModelReply,
  OutputItem,
  RawReply,
  Reply,
  Rule,
  Script,
  Timing,
  ToolCallReply,
  Usage,
} from './model-server/reply.js';
export type { ConversationMessage, Endpoint, ModelRequest, RequestBody } from './model-server/request.js';
