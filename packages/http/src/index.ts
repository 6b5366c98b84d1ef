export { handler } from './handler.js';
export { listener } from './listener.js';
export type {
  CaptureOptions,
  HttpOptions,
  Matcher,
  PropagationOptions,
  Read,
  RequestInfo,
} from './options.js';
export { propagationHeaders } from './outgoing.js';
