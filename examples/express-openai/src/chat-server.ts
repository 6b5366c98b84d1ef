import { observatory } from '@observatory/express';
import express, { type Express } from 'express';
import type OpenAI from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';

/**
 * A chat endpoint that streams its answer. It knows nothing of runs: the middleware makes one of each request, and the wrapped
 * client puts its steps and tool calls there.
 */
export function chatServer(client: OpenAI, weatherUrl: string): Express {
  const app = express();
  app.use(observatory({ propagation: { inject: [weatherUrl] } })); // the one line
  app.use(express.json());

  app.get('/health', (_req, res) => {
    res.json({ ok: true });
  });

  app.post('/chat', async (req, res) => {
    const messages: ChatCompletionMessageParam[] = [...req.body.messages];
    res.type('text/event-stream');
    // A client that leaves stops the model, too.
    const left = new AbortController();
    res.once('close', () => left.abort());
    for (let step = 0; step < 5; step++) {
      const stream = client.chat.completions.stream(
        { model: 'gpt-5-mini', messages, tools, stream_options: { include_usage: true } },
        { signal: left.signal },
      );
      stream.on('content', (text) => res.write(`data: ${JSON.stringify({ text })}\n\n`));
      const message = await stream.finalMessage();
      if (!message.tool_calls?.length) break;
      messages.push({ role: 'assistant', content: message.content, tool_calls: message.tool_calls });
      for (const call of message.tool_calls) {
        if (call.type !== 'function') continue;
        const { city } = JSON.parse(call.function.arguments) as { city: string };
        const answer = await fetch(`${weatherUrl}/weather?city=${encodeURIComponent(city)}`);
        messages.push({ role: 'tool', tool_call_id: call.id, content: await answer.text() });
      }
    }
    res.end('data: [DONE]\n\n');
  });
  return app;
}

const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'get_weather',
      description: 'The weather in a city, now',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      },
    },
  },
];
