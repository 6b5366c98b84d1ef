import type { Run } from '@observatory/core';
import { Hono } from 'hono';
import { hc, type InferResponseType } from 'hono/client';
import { expect, expectTypeOf, test } from 'vitest';
import { observatory } from './index.js';

test('the run is typed beside what the app has of its own, and RPC types stay', async () => {
  interface Env {
    Bindings: { KEY: string };
    Variables: { tenant: string };
  }
  const app = new Hono<Env>()
    .use(observatory())
    .get('/chat/:id', (c) => {
      expectTypeOf(c.var.run).toEqualTypeOf<Run>();
      expectTypeOf(c.var.tenant).toEqualTypeOf<string>();
      expectTypeOf<typeof c.env.KEY>().toEqualTypeOf<string>();
      expectTypeOf(c.req.param('id')).toEqualTypeOf<string>();
      return c.json({ id: c.req.param('id'), runId: c.var.run.runId });
    })
    .post('/route', observatory(), (c) => c.text(c.var.run.runId));
  const client = hc<typeof app>('http://localhost', { fetch: app.request });
  type Answer = InferResponseType<(typeof client.chat)[':id']['$get']>;
  expectTypeOf<Answer>().toEqualTypeOf<{ id: string; runId: string }>();
  const response = await client.chat[':id'].$get({ param: { id: '7' } });
  expect(await response.json()).toMatchObject({ id: '7' });
});
