import { Hono } from 'hono';
import { RequestProblem } from './body.js';
import type { Live } from './live.js';
import { liveStream } from './live-stream.js';
import { openApi } from './openapi.js';
import { badParameter, readPage, readRunQuery, readText } from './run-query.js';
import { parseQuery } from './search-text.js';
import type { Page, Store } from './store.js';

/** The query API (api.ts). */
export function readRoutes(store: Store, live: Live): Hono {
  const routes = new Hono();
  const parametersOf = (url: string) => new URL(url).searchParams;
  const list = <Name extends string, Row>(name: Name, { rows, next }: Page<Row>) => ({
    [name]: rows,
    ...(next !== undefined && { next_cursor: next }),
  });

  routes.get('/api/runs', async (c) => {
    const { filter, page } = readRunQuery(parametersOf(c.req.url));
    return c.json(list('runs', await store.runs(filter, page)));
  });

  routes.get('/api/runs/:id', async (c) => {
    const detail = await store.run(c.req.param('id'));
    if (!detail) throw notFound('run', c.req.param('id'));
    return c.json(detail);
  });

  routes.get('/api/sessions', async (c) => {
    const parameters = parametersOf(c.req.url);
    const q = parameters.get('q')?.trim() ?? '';
    const page = readPage(parameters);
    return c.json(
      list(
        'sessions',
        await store.sessions({ ...page, ...(q !== '' && { text: q, query: readText('q', q) }) }),
      ),
    );
  });

  routes.get('/api/sessions/:id', async (c) => {
    const id = c.req.param('id');
    const session = await store.session(id);
    if (!session) throw notFound('session', id);
    return c.json({ session, ...list('runs', await store.thread(id, readPage(parametersOf(c.req.url)))) });
  });

  routes.get('/api/search', async (c) => {
    const parameters = parametersOf(c.req.url);
    const q = parameters.get('q');
    if (q === null) throw badParameter('q', 'is missing: what to search for');
    readText('q', q);
    return c.json(list('hits', await store.search(parseQuery(q), readPage(parameters, 20))));
  });

  routes.get('/api/facets', async (c) => c.json(await store.facets()));
  routes.get('/api/overview', async (c) => c.json(await store.overview()));
  routes.get('/api/openapi.json', (c) => c.json(openApi));

  routes.get('/api/live', (c) =>
    liveStream(live, c.req.header('last-event-id') ?? c.req.query('last_event_id'), c.req.raw.signal),
  );

  routes.get('/api/export', () => {
    const items = store.export()[Symbol.asyncIterator]();
    const encoder = new TextEncoder();
    const stream = new ReadableStream<Uint8Array>({
      // One pull is one piece of up to 64 KiB: a slow reader holds the export, not the collector.
      async pull(controller) {
        let text = '';
        while (text.length < 65_536) {
          const { value, done } = await items.next();
          if (done) {
            if (text !== '') controller.enqueue(encoder.encode(text));
            controller.close();
            return;
          }
          text += `${JSON.stringify(value)}\n`;
        }
        controller.enqueue(encoder.encode(text));
      },
    });
    return new Response(stream, {
      headers: {
        'Content-Type': 'application/x-ndjson',
        'Content-Disposition': 'attachment; filename="observatory.ndjson"',
      },
    });
  });

  const remove = async (runIds: readonly string[]) => {
    const deleted = store.deleteRuns(runIds);
    live.deleted(deleted);
    return deleted.length;
  };
  const removeOwned = async (owner: { session_id: string } | { user_id: string }) => {
    let deleted = 0;
    for (;;) {
      const runIds = await store.runIdsOf(owner, 200);
      if (runIds.length === 0) return deleted;
      deleted += await remove(runIds);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  routes.delete('/api/runs/:id', async (c) => {
    const deleted = await remove([c.req.param('id')]);
    if (deleted === 0) throw notFound('run', c.req.param('id'));
    return c.json({ deleted });
  });
  routes.delete('/api/sessions/:id', async (c) =>
    c.json({ deleted: await removeOwned({ session_id: c.req.param('id') }) }),
  );
  routes.delete('/api/users/:id', async (c) =>
    c.json({ deleted: await removeOwned({ user_id: c.req.param('id') }) }),
  );

  return routes;
}

const notFound = (what: string, id: string) =>
  new RequestProblem(404, 'not_found', `there is no ${what} "${id.slice(0, 200)}" here`, 'id');
