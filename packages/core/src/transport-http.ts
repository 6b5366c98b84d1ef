import type { Agent, IncomingMessage } from 'node:http';
import { builtin } from './platform.js';
import { type Answer, MAX_ANSWER_BYTES, type Request, type Transport } from './transport.js';

/** node:http with one kept-alive socket. undefined where there is no node:http. */
export function httpTransport(): Transport | undefined {
  if (!builtin('node:http')) return undefined;
  const agents = new Map<string, Agent>();

  function exchange({ url, headers, body, timeoutMs }: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { protocol } = url;
      const http = builtin(protocol === 'https:' ? 'node:https' : 'node:http')!;
      // The outbox asks for one request at a time. A bound on sockets here would let one that never closes block all others.
      const agent =
        agents.get(protocol) ?? new http.Agent({ keepAlive: true, maxFreeSockets: 1, scheduling: 'lifo' });
      agents.set(protocol, agent);
      const call = http.request(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': body.byteLength },
        agent,
      });
      // One clock for the whole exchange: connecting, sending, and an answer that trickles.
      const timer = setTimeout(() => {
        const error = new Error(`no answer within ${timeoutMs} ms`);
        error.name = 'TimeoutError';
        call.destroy(error);
        // A request that waits for its socket tells nobody that it was destroyed.
        fail(error);
      }, timeoutMs);
      timer.unref();
      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(Object.assign(error, { reused: call.reusedSocket }));
      };
      call.on('socket', (socket) => socket.unref());
      call.on('error', fail);
      call.on('response', (response: IncomingMessage) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const finish = () => {
          clearTimeout(timer);
          resolve({
            status: response.statusCode ?? 0,
            body: chunks.length === 1 ? chunks[0]!.toString() : Buffer.concat(chunks).toString(),
            retryAfter: response.headers['retry-after'],
            location: response.headers.location,
          });
        };
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
          else {
            finish();
            call.destroy();
          }
        });
        response.on('end', finish);
        response.on('error', fail);
        // After `end` this changes nothing.
        response.on('close', () => fail(new Error('the connection broke off within the answer')));
      });
      call.end(body);
    });
  }

  return {
    send(request) {
      return exchange(request).catch((error: Error & { reused?: boolean; code?: string }) => {
        // The collector closed the idle socket while the request was on its way: that says nothing about the collector.
        if (error.reused && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) return exchange(request);
        throw error;
      });
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}
