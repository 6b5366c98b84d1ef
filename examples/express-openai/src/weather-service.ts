import { observatory } from '@observatory/express';
import express, { type Express } from 'express';
import type OpenAI from 'openai';

/**
 * Another service, with an agent of its own. Its runs are nested in those of the chat server that calls it, because it trusts
 * callers from its own network.
 */
export function weatherService(client: OpenAI): Express {
  const app = express();
  const ownNetwork = /^(127\.|localhost)/;
  app.use(
    observatory({
      name: 'weather-agent',
      prompt: (req) => `Weather in ${String(req.query.city)}?`,
      propagation: { accept: 'join', trust: ({ header }) => ownNetwork.test(header('host') ?? '') },
    }),
  );
  app.get('/weather', async (req, res) => {
    const completion = await client.chat.completions.create({
      model: 'gpt-5-nano',
      messages: [{ role: 'user', content: `Guess the weather in ${String(req.query.city)}.` }],
    });
    res.send(completion.choices[0]?.message.content);
  });
  return app;
}
