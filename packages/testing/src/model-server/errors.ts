import type { ErrorReply } from './reply.js';

/** What OpenAI says with each status, in its error shape. */
const BY_STATUS: Record<number, { message: string; type: string; code: string | null }> = {
  400: { message: 'Invalid request.', type: 'invalid_request_error', code: null },
  401: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
  403: {
    message: 'This project may not use this model.',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  404: { message: 'The model does not exist.', type: 'invalid_request_error', code: 'model_not_found' },
  408: { message: 'Request timed out.', type: 'server_error', code: null },
  409: { message: 'The resource is locked.', type: 'invalid_request_error', code: null },
  422: { message: 'Unprocessable request.', type: 'invalid_request_error', code: null },
  429: { message: 'Rate limit reached for requests.', type: 'requests', code: 'rate_limit_exceeded' },
  500: {
    message: 'The server had an error while processing your request.',
    type: 'server_error',
    code: null,
  },
  503: { message: 'The engine is currently overloaded.', type: 'server_error', code: 'service_unavailable' },
};

export interface HttpError {
  status: number;
  headers: Record<string, string>;
  body: { error: { message: string; type: string; param: string | null; code: string | null } };
}

export function httpError(error: ErrorReply['error']): HttpError {
  const given = typeof error === 'number' ? { status: error } : error;
  const { status } = given;
  const usual = BY_STATUS[status] ?? { message: `HTTP ${status}`, type: 'server_error', code: null };
  const headers: Record<string, string> = {};
  if (status === 429) {
    headers['x-ratelimit-remaining-requests'] = '0';
    headers['x-ratelimit-reset-requests'] = '20ms';
  }
  if (given.retryAfter !== undefined) headers['retry-after'] = String(given.retryAfter);
  if (given.retryAfterMs !== undefined) headers['retry-after-ms'] = String(given.retryAfterMs);
  return {
    status,
    headers: { ...headers, ...given.headers },
    body: {
      error: {
        message: given.message ?? usual.message,
        type: given.type ?? usual.type,
        param: given.param ?? null,
        code: given.code === undefined ? usual.code : given.code,
      },
    },
  };
}
