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

async function readCapped(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  let text = '';
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    size += value.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      reader.cancel().catch(() => {});
      return text;
    }
  }
}
