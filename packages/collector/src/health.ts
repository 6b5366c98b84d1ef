import { Hono } from 'hono';
import type { Ingest } from './ingest.js';
import type { Live } from './live.js';
import type { Store } from './store.js';

/** For load balancers, and for Prometheus. */
export function healthRoutes({ store, ingest, live }: { store: Store; ingest: Ingest; live: Live }): Hono {
  const routes = new Hono();
  routes.get('/health', (c) => c.json({ status: 'ok' }));
  routes.get('/ready', async (c) => {
    await store.overview(); // throws when the store cannot be read
    return c.json({ status: 'ready' });
  });
  routes.get('/metrics', (c) => {
    const { counts } = ingest;
    const stored = store.counts();
    const lines: string[] = [];
    const metric = (
      name: string,
      type: 'counter' | 'gauge',
      help: string,
      values: [labels: string, value: number][],
    ) => {
      lines.push(`# HELP observatory_${name} ${help}`, `# TYPE observatory_${name} ${type}`);
      for (const [labels, value] of values) lines.push(`observatory_${name}${labels} ${value}`);
    };
    metric('ingest_requests_total', 'counter', 'Ingest requests read since the start.', [
      ['', counts.requests],
    ]);
    metric('ingest_items_total', 'counter', 'Items by what became of them.', [
      ['{result="accepted"}', counts.accepted],
      ['{result="duplicate"}', counts.duplicate],
      ['{result="rejected"}', counts.rejected],
    ]);
    metric('stored', 'gauge', 'Stored things by kind.', [
      ['{kind="run"}', stored.runs],
      ['{kind="step"}', stored.steps],
      ['{kind="tool_call"}', stored.tool_calls],
      ['{kind="content"}', stored.contents],
    ]);
    metric('store_bytes', 'gauge', 'Size of the database files.', [['', stored.bytes]]);
    metric('live_readers', 'gauge', 'Open live streams.', [['', live.readers()]]);
    const { user, system } = process.cpuUsage();
    metric('cpu_seconds_total', 'counter', 'CPU time of the process.', [['', (user + system) / 1e6]]);
    metric('resident_memory_bytes', 'gauge', 'Memory of the process.', [['', process.memoryUsage.rss()]]);
    return c.text(`${lines.join('\n')}\n`, 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    });
  });
  return routes;
}
