import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { wrapOpenAI } from '@observatory/openai';
import OpenAI from 'openai';
import { chatServer } from './chat-server.js';
import { weatherService } from './weather-service.js';

/** Both services on free ports. */
export async function start(options: ConstructorParameters<typeof OpenAI>[0] = {}) {
  const client = wrapOpenAI(new OpenAI(options));
  const weather = await listen(weatherService(client));
  const chat = await listen(chatServer(client, weather.url));
  return {
    url: chat.url,
    async close() {
      for (const { server } of [chat, weather]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function listen(app: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
