/** What the middlewares for Express and Hono are made of. */
export { boundBody, isStreamed } from './bound-body.js';
export { fetchRequest, fetchResponse } from './fetch-request.js';
export { type WaitUntil, waitUntilOf } from './lifetime.js';
export { followHandler } from './listener.js';
export { type NodeRequest, type NodeResponse, nodeRequest } from './node-request.js';
export { type RequestRun, requestRunOf, requestRunOfRun } from './request-run.js';
