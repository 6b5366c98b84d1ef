import { MAX_ANSWER_BYTES, type Transport } from './transport.js';

/** fetch: edge runtimes, Bun and Deno. */
export function fetchTransport(fetchFunction: typeof fetch = globalThis.fetch): Transport {
  return {
    async send(request) {
      const response = await fetchFunction(request.url, {
        method: 'POST',
        headers: request.headers,
        body: request.body,
        // A redirected POST would become a GET, and its 200 would look like an acknowledgement.
        redirect: 'manual',
        signal: AbortSignal.timeout(request.timeoutMs),
      });
      return {
        status: response.status,
        body: await readCapped(response),
        retryAfter: response.headers.get('retry-after') ?? undefined,
        location: response.headers.get('location') ?? undefined,
      };
    },
    close() {},
  };
}

async function readCapped({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (body) {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_ANSWER_BYTES) break;
    }
  }
  return text;
}
