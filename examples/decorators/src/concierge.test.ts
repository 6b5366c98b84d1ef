import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wrapOpenAI } from '@observatory/openai';
import { captureRuns, modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { expect, test } from 'vitest';

// As built: a test runner's own compiler may know no decorators.
const dist = (file: string) => new URL(`../dist/${file}`, import.meta.url);

test('a call of the agent is a run with its step and its tool calls', async () => {
  const { Concierge } = (await import(
    /* @vite-ignore */ dist('concierge.js').href
  )) as typeof import('./concierge.js');
  await using model = await modelServer([{ text: '4' }]);
  using captured = captureRuns();
  const concierge = new Concierge(wrapOpenAI(new OpenAI(model.clientOptions)));
  expect(await concierge.answer('Dinner for four, please.')).toBe('A table for 4 at 21:00: reserved for 4.');
  await captured.settled();
  expect(captured.runs).toMatchObject([
    {
      name: 'concierge',
      prompt: { user_prompt: 'Dinner for four, please.' },
      response: 'A table for 4 at 21:00: reserved for 4.',
      outcome: 'ok',
      steps: [{ model_requested: 'gpt-5-mini' }],
      tool_calls: [
        { tool_name: 'find_tables', args: '4', result: '21:00' },
        { tool_name: 'reserve', args: '["21:00",4]', result: 'reserved for 4' },
      ],
    },
  ]);
});

test('the program runs without a key and without a collector', async () => {
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(dist('main.js'))], {
    env: { ...env, OBSERVATORY_URL: 'http://127.0.0.1:9', OBSERVATORY_SPOOL: 'false' },
  });
  expect(stdout).toContain('A table for 4 at 21:00');
  expect(stdout).toContain('We are full tonight.');
});
