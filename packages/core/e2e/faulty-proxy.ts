import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What stands between the host and the collector, and how it misbehaves. */
export type Fault =
  | 'none'
  /** Nothing listens. */
  | 'down'
  | '500'
  | '503'
  | '429'
  | 'reset'
  /** The collector has stored everything, the answer never arrives. */
  | 'answer lost'
  /** Accepts and never answers. */
  | 'hang'
  | 'redirect'
  /** 200 with a page, as a captive portal gives. */
  | 'login page'
  | '401'
  /** Answers after 600 ms, longer than the host's own bound for a request. */
  | 'too slow'
  /** Answers after 300 ms. */
  | 'slow'
  /** Answers after 500 ms. */
  | 'half a second'
  /** Bodies over 2 kB are too large. */
  | '413';

const LATE_MS: { [fault in Fault]?: number } = { slow: 300, 'half a second': 500, 'too slow': 600 };

export interface FaultyProxy {
  url: string;
  set(fault: Fault): Promise<void>;
  /** Requests that came since the last `set`. */
  readonly requests: number;
  close(): Promise<void>;
}

export async function startFaultyProxy(collectorUrl: () => string): Promise<FaultyProxy> {
  let fault: Fault = 'none';
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = http.createServer(async (request, response) => {
    requests++;
    const mine = fault;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    switch (mine) {
      case '500':
        response.writeHead(500).end('broken');
        return;
      case '503':
        response.writeHead(503, { 'retry-after': '1' }).end('busy');
        return;
      case '429':
        response.writeHead(429, { 'retry-after': '1' }).end('slow down');
        return;
      case '401':
        response.writeHead(401).end('{"error":{"code":"key","message":"unknown key"}}');
        return;
      case 'redirect':
        response.writeHead(302, { location: 'https://login.example/' }).end();
        return;
      case 'login page':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>');
        return;
      case 'reset':
        request.socket.resetAndDestroy();
        return;
      case 'hang':
        return;
      case '413':
        if (body.length > 2000) {
          response.writeHead(413).end('too large');
          return;
        }
    }
    try {
      const late = LATE_MS[mine];
      if (late) await new Promise((resolve) => setTimeout(resolve, late));
      const { 'content-type': type = '', 'content-encoding': encoding } = request.headers;
      const answer = await fetch(collectorUrl() + request.url, {
        method: 'POST',
        headers: { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) },
        body,
      });
      const text = await answer.text();
      if (mine === 'answer lost') request.socket.resetAndDestroy();
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    } catch {
      request.socket.destroy();
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async set(next) {
      fault = next;
      requests = 0;
      if (next === 'down') await stop();
      else if (!server.listening) await listen(port);
      // What hangs from before is let go.
      else for (const socket of sockets) socket.destroy();
    },
    get requests() {
      return requests;
    },
    close: stop,
  };
}
