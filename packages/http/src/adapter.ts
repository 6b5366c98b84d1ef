/** What the middlewares for Express and Hono are made of. */
export { fetchRequest, fetchResponse } from './fetch-request.js';
export { type WaitUntil, waitUntilOf } from './lifetime.js';
export { type NodeRequest, type NodeResponse, nodeRequest, watchEnd } from './node-request.js';
export { aliasRequest, type RequestRun, requestRunOf } from './request-run.js';
