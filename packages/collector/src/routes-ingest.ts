import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { acceptFeedbackBody } from './accept-feedback.js';
import { createSpanReader } from './accept-otlp.js';
import { RequestProblem, readBody } from './body.js';
import type { Ingest } from './ingest.js';
import type { Limits } from './limits.js';

/** Where clients send: the wire, and the seed product's and OTLP's own endpoints. */
export function ingestRoutes(ingest: Ingest, limits: Limits): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  const spans = createSpanReader(limits);

  routes.post('/v1/events', async (c) =>
    c.json(await ingest.body(await readBody(c.env.incoming, limits), 'strict')),
  );
  routes.post('/v1/custom', async (c) =>
    c.json(await ingest.body(await readBody(c.env.incoming, limits), 'lenient')),
  );

  routes.post('/v1/feedback', async (c) => {
    const item = acceptFeedbackBody(await readBody(c.env.incoming, limits));
    const receipt = await ingest.items([item], 'strict');
    const [refused] = receipt.rejected;
    if (refused) throw new RequestProblem(400, 'feedback_refused', refused.reason);
    return c.json(receipt);
  });

  routes.post('/v1/traces', async (c) => {
    const type = c.req.header('content-type') ?? '';
    if (/protobuf/i.test(type)) {
      throw new RequestProblem(
        415,
        'otlp_protobuf',
        'OTLP is taken as JSON: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or use the OTLP/HTTP JSON exporter',
        'content-type',
      );
    }
    const items = spans.items(await readBody(c.env.incoming, limits));
    const receipt = await ingest.items(items, 'lenient');
    // OTLP's own answer: exporters read partialSuccess, ours is beside it.
    const refused = receipt.rejected.length;
    return c.json({
      partialSuccess:
        refused > 0 ? { rejectedSpans: refused, errorMessage: receipt.rejected[0]!.reason } : {},
      ...receipt,
    });
  });

  return routes;
}
