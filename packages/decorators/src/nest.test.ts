import { captureRuns } from '@observatory/testing';
import { expect, test } from 'vitest';
import { load } from './compile.test.support.js';

const APP = `
  import 'reflect-metadata';
  import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { observe } from '@observatory/decorators';
  import { observatory } from '@observatory/express';

  class ToolsController {
    @observe({ as: 'run' }) @Get('above')
    above() { return 'above'; }

    @Get('below') @observe({ as: 'run' })
    below() { return 'below'; }

    @observe({ as: 'run', name: 'support-agent' }) @Post('chat') @HttpCode(202)
    async chat(body) { return { answer: 'to ' + body.question }; }
  }
  Controller('tools')(ToolsController);
  Body()(ToolsController.prototype, 'chat', 0);

  class App {}
  Module({ controllers: [ToolsController] })(App);

  export async function start() {
    const app = await NestFactory.create(App, { logger: false });
    app.use(observatory());
    await app.listen(0, '127.0.0.1');
    return app;
  }
`;

interface App {
  getUrl(): Promise<string>;
  close(): Promise<void>;
}

test.each(['esbuild', 'TypeScript 5.9'])(
  "NestJS' routes stay routes, whichever decorator stands above, in the runs of their requests (%s)",
  async (compiler) => {
    using captured = captureRuns();
    const { start } = await load<{ start(): Promise<App> }>(
      { compiler, standard: 'experimentalDecorators' },
      APP,
    );
    const app = await start();
    const url = `${await app.getUrl()}/tools`;
    expect(await (await fetch(`${url}/above`)).text()).toBe('above');
    expect(await (await fetch(`${url}/below`)).text()).toBe('below');
    const chat = await fetch(`${url}/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question: 'you' }),
    });
    expect([chat.status, await chat.json()]).toEqual([202, { answer: 'to you' }]);
    await app.close();
    await captured.settled({ runs: 3 });
    expect(captured.runs).toMatchObject([
      { name: 'GET /tools/above', runs: [{ name: 'above', response: 'above' }] },
      { name: 'GET /tools/below', runs: [{ name: 'below', response: 'below' }] },
      {
        name: 'POST /tools/chat',
        prompt: { user_prompt: 'you' },
        metadata: { http_status: 202 },
        runs: [{ name: 'support-agent', response: '{"answer":"to you"}' }],
      },
    ]);
  },
  60_000,
);
