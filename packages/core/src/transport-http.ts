import type { IncomingMessage } from 'node:http';
import { builtin } from './platform.js';
import { type Answer, MAX_ANSWER_BYTES, type Request, type Transport } from './transport.js';

/** node:http with one kept-alive socket. undefined where there is no node:http. */
export function httpTransport(): Transport | undefined {
  const http = builtin('node:http');
  const https = builtin('node:https');
  if (!http || !https) return undefined;
  // The outbox asks for one request at a time. A bound on sockets here would let one that never closes block all others.
  const options = { keepAlive: true, maxFreeSockets: 1, scheduling: 'lifo' } as const;
  let plain: InstanceType<typeof http.Agent> | undefined;
  let secure: InstanceType<typeof https.Agent> | undefined;

  function exchange(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const tls = request.url.protocol === 'https:';
      if (tls) secure ??= new https!.Agent(options);
      else plain ??= new http!.Agent(options);
      const call = (tls ? https! : http!).request(request.url, {
        method: 'POST',
        headers: { ...request.headers, 'content-length': request.body.byteLength },
        agent: tls ? secure : plain,
      });
      // One clock for the whole exchange: connecting, sending, and an answer that trickles.
      const timer = setTimeout(() => {
        const error = new Error(`no answer within ${request.timeoutMs} ms`);
        error.name = 'TimeoutError';
        call.destroy(error);
        // A request that waits for its socket tells nobody that it was destroyed.
        fail(error);
      }, request.timeoutMs);
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
      call.end(request.body);
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
      plain?.destroy();
      secure?.destroy();
      plain = undefined;
      secure = undefined;
    },
  };
}
