import { configure, currentRun, traced } from '@observatory/core';
import { observatory } from '@observatory/hono';
import { Hono } from 'hono';

const model = traced(
  async (_prompt, answer) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return answer;
  },
  { as: 'step', name: 'gpt-test' },
);
const encoder = new TextEncoder();

const app = new Hono()
  .use(observatory())
  .get('/health', (c) => c.text('ok'))
  .post('/chat/:id', async (c) => {
    const { message } = await c.req.json();
    return c.json({ answer: await model(message, 'Rain.'), inRun: currentRun() !== undefined });
  })
  .get('/stream', () => {
    let pulls = 0;
    const body = new ReadableStream({
      async pull(controller) {
        if (pulls++ === 3) controller.close();
        else controller.enqueue(encoder.encode(`data: ${await model('Hi', String(pulls))}\n\n`));
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  })
  .get('/endless', () => {
    const body = new ReadableStream(
      {
        async pull(controller) {
          controller.enqueue(encoder.encode(`data: ${await model('Hi', 'chunk')}\n\n`));
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  });

export default {
  async fetch(request, env, context) {
    configure({ url: env.COLLECTOR });

    return app.fetch(request, env, context);
  },
};
