/**
 * Takes what every candidate sends, answers as its own server would, and counts. A process of its own; bodies are looked
 * into only when somebody asks, so that counting does not compete with what is measured.
 */
import * as http from 'node:http';
import * as zlib from 'node:zlib';

const DECODE = {
  gzip: zlib.gunzipSync,
  zstd: zlib.zstdDecompressSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
};

const names = process.argv.slice(2);
const tallies = new Map();
const sockets = new Map();

function fresh() {
  return { requests: 0, wireBytes: 0, bodies: [] };
}

function answer(name, url, response) {
  if (name.startsWith('observatory')) return '{"accepted":1,"duplicate":0,"rejected":[]}';
  if (name === 'braintrust') {
    const { port } = response.socket.address();
    if (url.includes('apikey/login')) {
      const base = `http://127.0.0.1:${port}`;
      return JSON.stringify({ org_info: [{ id: 'o', name: 'bench', api_url: base, proxy_url: base }] });
    }
    if (url.includes('register')) return '{"project":{"id":"p","name":"bench"},"org_id":"o"}';
    return '{"ids":[]}';
  }
  if (name === 'langsmith' && url.includes('/info')) {
    return '{"version":"0.13.0","batch_ingest_config":{"use_multipart_endpoint":true,"size_limit":100,"size_limit_bytes":20971520},"instance_flags":{"zstd_compression_enabled":true}}';
  }
  return '{}';
}

const ports = {};
for (const name of names) {
  tallies.set(name, fresh());
  sockets.set(name, 0);
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const tally = tallies.get(name);
      if (chunks.length > 0) {
        const body = Buffer.concat(chunks);
        tally.requests++;
        tally.wireBytes += body.length;
        tally.bodies.push({ body, encoding: request.headers['content-encoding'] });
      }
      const type = request.url.includes('otel') ? 'application/json' : 'application/json';
      response.writeHead(200, { 'content-type': type }).end(answer(name, request.url, response));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ports[name] = server.address().port;
}
process.send({ ports });

process.on('message', ({ name }) => {
  const { requests, wireBytes, bodies } = tallies.get(name);
  tallies.set(name, fresh());
  const arrived = new Set();
  let rawBytes = 0;
  for (const { body, encoding } of bodies) {
    let raw = body;
    try {
      raw = DECODE[encoding]?.(body) ?? body;
    } catch {
      // Counted as it came.
    }
    rawBytes += raw.length;
    for (const [, id] of raw.toString('latin1').matchAll(/done:(\d+);/g)) arrived.add(id);
  }
  process.send({ name, requests, wireBytes, rawBytes, arrived: arrived.size });
});
process.on('disconnect', () => process.exit(0));
