import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_ANSWER_BYTES, type Transport } from './transport.js';
import { fetchTransport } from './transport-fetch.js';
import { httpTransport } from './transport-http.js';

let server: http.Server;
let url: URL;
let sockets: Set<Socket>;
let requests: { headers: http.IncomingHttpHeaders; body: string; method: string | undefined }[];
let respond: (response: http.ServerResponse, request: http.IncomingMessage) => void;

beforeEach(async () => {
  sockets = new Set();
  requests = [];
  respond = (response) => response.end('{}');
  server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ headers: request.headers, body, method: request.method });
    respond(response, request);
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/events`);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const transports: [string, () => Transport][] = [
  ['node:http', () => httpTransport()!],
  ['fetch', () => fetchTransport()],
];

describe.each(transports)('over %s', (name, create) => {
  const send = (transport: Transport, body = '{"type":"run"}', timeoutMs = 5000) =>
    transport.send({
      url,
      headers: { authorization: 'Bearer k' },
      body: new TextEncoder().encode(body),
      timeoutMs,
    });

  it('a body arrives as it was, and the answer with what matters in it', async () => {
    respond = (response) => response.writeHead(429, { 'retry-after': '3' }).end('slow down');
    const transport = create();
    expect(await send(transport, '{"text":"ü🎉"}')).toEqual({
      status: 429,
      body: 'slow down',
      retryAfter: '3',
      location: undefined,
    });
    expect(requests).toMatchObject([{ method: 'POST', body: '{"text":"ü🎉"}' }]);
    expect(requests[0]?.headers.authorization).toBe('Bearer k');
    transport.close();
  });

  it('one socket serves many requests', async () => {
    const transport = create();
    for (let i = 0; i < 5; i++) await send(transport);
    // fetch opens a second one where the first is still being read when it asks.
    expect(sockets.size).toBeLessThanOrEqual(name === 'fetch' ? 2 : 1);
    transport.close();
  });

  it('a redirect is not followed', async () => {
    respond = (response) => response.writeHead(307, { location: '/elsewhere' }).end();
    const transport = create();
    expect(await send(transport)).toMatchObject({ status: 307, location: '/elsewhere' });
    expect(requests).toHaveLength(1);
    transport.close();
  });

  it('no answer, or half of one, is a failure when its time is up', async () => {
    const transport = create();
    respond = () => {};
    await expect(send(transport, '{}', 100)).rejects.toThrow();
    respond = (response) => response.writeHead(200, { 'content-length': '100' }).write('{"acc');
    await expect(send(transport, '{}', 100)).rejects.toThrow();
    transport.close();
  });

  it('an answer that breaks off is a failure', async () => {
    const transport = create();
    respond = (response, request) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"acc');
      setTimeout(() => request.socket.destroy(), 20);
    };
    await expect(send(transport)).rejects.toThrow();
    transport.close();
  });

  it('an endless answer is cut off', async () => {
    respond = (response) => response.end('x'.repeat(4 * MAX_ANSWER_BYTES));
    const transport = create();
    const { body } = await send(transport);
    expect(body.length).toBeLessThan(2 * MAX_ANSWER_BYTES);
    transport.close();
  });

  it('a reset and a closed port are failures', async () => {
    const transport = create();
    respond = (_response, request) => request.socket.resetAndDestroy();
    await expect(send(transport)).rejects.toThrow();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await expect(send(transport)).rejects.toThrow();
    transport.close();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  it.runIf(name === 'node:http')('an idle socket that the collector closed costs no failure', async () => {
    const transport = create();
    await send(transport);
    const before = requests.length;
    // Closed on the server's side at the moment the next request is written.
    server.once('request', () => {});
    for (const socket of sockets) socket.resetAndDestroy();
    expect(await send(transport)).toMatchObject({ status: 200 });
    expect(requests.length).toBe(before + 1);
    transport.close();
  });
});
