import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { acceptFeedbackBody } from './accept-feedback.js';
import { createSpanReader } from './accept-otlp.js';
import { createBodyReader, RequestProblem } from './body.js';
import type { Ingest } from './ingest.js';
import type { Limits } from './limits.js';

/** Where clients send: the wire, and the seed product's and OTLP's own endpoints. */
export function ingestRoutes(ingest: Ingest, limits: Limits): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  const spans = createSpanReader(limits);

  const withBody = createBodyReader(limits);

  routes.post('/v1/events', async (c) =>
    c.json(await withBody(c.env.incoming, (body) => ingest.body(body, 'strict'))),
  );
  routes.post('/v1/custom', async (c) =>
    c.json(await withBody(c.env.incoming, (body) => ingest.body(body, 'lenient'))),
  );

  routes.post('/v1/feedback', async (c) => {
    const item = await withBody(c.env.incoming, acceptFeedbackBody);
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
    const receipt = await withBody(c.env.incoming, (body) => ingest.items(spans.items(body), 'lenient'));
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
