import { isNode } from './platform.js';
import { fetchTransport } from './transport-fetch.js';
import { httpTransport } from './transport-http.js';

/** One HTTP exchange. Knows nothing of batches and retries. */
export interface Transport {
  /** Rejects when no complete answer came, for whatever reason. Never follows a redirect. */
  send(request: Request): Promise<Answer>;
  close(): void;
}

export interface Request {
  url: URL;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer>;
  timeoutMs: number;
}

export interface Answer {
  status: number;
  /** At most `MAX_ANSWER_BYTES` of it. */
  body: string;
  retryAfter: string | undefined;
  location: string | undefined;
}

/** More than the longest receipt; the rest of a longer answer is not read. */
export const MAX_ANSWER_BYTES = 1024 * 1024;

/** node:http where it is native (half the cost of fetch), else fetch. */
export const nativeTransport = (): Transport => (isNode ? httpTransport() : undefined) ?? fetchTransport();
