import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configure, resetConfig } from './config.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { mayHoldSecret, redactSecrets } from './redaction.js';
import { run } from './run.js';

const alphanumeric = (length: number, sample: string) => sample.repeat(9).slice(0, length);
// Made up, and assembled here so that no scanner takes this file for a leak.
const SECRETS = {
  openai: `sk-proj-${alphanumeric(40, 'aB3dE5')}`,
  stripe: `sk_live_${alphanumeric(24, 'aB3dE5')}`,
  github: `ghp_${alphanumeric(36, 'aB3dE5')}`,
  githubFine: `github_pat_${alphanumeric(40, 'aB3dE5')}`,
  gitlab: `glpat-${alphanumeric(20, 'aB3dE5')}`,
  slack: `xoxb-${alphanumeric(30, '123-')}`,
  npm: `npm_${alphanumeric(36, 'aB3dE5')}`,
  huggingFace: `hf_${alphanumeric(34, 'aB3dE5')}`,
  aws: `AKIA${alphanumeric(16, 'AB3DE5')}`,
  google: `AIza${alphanumeric(35, 'aB3dE5')}`,
  jwt: `eyJ${alphanumeric(20, 'aB3')}.eyJ${alphanumeric(20, 'aB3')}.${alphanumeric(30, 'aB3')}`,
  bearer: `Bearer ${alphanumeric(32, 'aB3dE5')}`,
  basic: `Basic ${alphanumeric(20, 'aB3dE5')}==`,
};

describe('redactSecrets', () => {
  test.each(Object.entries(SECRETS))('takes out a key of the kind %s', (_kind, secret) => {
    const clean = redactSecrets(`before ${secret} after`);
    expect(clean).toMatch(/^before .*\[REDACTED\] after$/);
    expect(clean).not.toContain(secret.split(' ').at(-1));
  });

  test.each([
    ['password=hunter2', 'password=[REDACTED]'],
    ['PASSWORD: hunter2, next', 'PASSWORD: [REDACTED], next'],
    ['{"password":"hunter2","a":1}', '{"password":"[REDACTED]","a":1}'],
    ['{"db_password": "a b c"}', '{"db_password": "[REDACTED]"}'],
    ['"{\\"api_key\\":\\"hunter2\\"}"', '"{\\"api_key\\":\\"[REDACTED]\\"}"'],
    ["{'client_secret': 'hunter2'}", "{'client_secret': '[REDACTED]'}"],
    ['https://me:hunter2@host/path', 'https://me:[REDACTED]@host/path'],
    ['Authorization: Bearer abcdefghijkl1234', 'Authorization: Bearer [REDACTED]'],
    ['authorization: bearer abc', 'authorization: [REDACTED]'],
    [`-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----`, '[REDACTED]'],
  ])('%s', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  test.each([
    'Bearer of bad news',
    'the secret: santa is coming',
    'tokens: 512, total_tokens=4',
    'https://example.com:8080/a@b',
    'keyboard: qwerty, monkey: banana',
    'a sky-high task_id=5 assistant_message: hello',
    'password reset instructions were sent',
  ])('leaves alone: %s', (text) => {
    expect(redactSecrets(text)).toBe(text);
  });

  test('looks closely wherever a pattern could match', () => {
    const filler = fc.string({ maxLength: 60, unit: 'binary' });
    const planted = fc.constantFrom(
      ...Object.values(SECRETS),
      'password=hunter2',
      '"api_key" : "hunter2"',
      'https://me:hunter2@host',
      'Client-Secret=hunter2',
      '\\"refresh_token\\": \\"hunter2\\"',
    );
    fc.assert(
      fc.property(filler, planted, filler, (before, secret, after) => {
        const text = `${before} ${secret} ${after}`;
        expect(mayHoldSecret(text)).toBe(true);
        expect(redactSecrets(text)).toContain('[REDACTED]');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what leaves the process', () => {
  let outbox: ReturnType<typeof memoryOutbox>;
  beforeEach(() => {
    outbox = memoryOutbox();
  });
  afterEach(() => {
    outbox.restore();
    resetConfig();
  });

  async function recordEverywhere(text: string) {
    const r = run({ name: text, userId: text, tags: [text], metadata: { k: text, deep: [{ k: text }] } });
    r.prompt({ user_prompt: text, system_prompt: text, full_input: text });
    r.response({ response: text, full_output: text });
    const step = r.step().prompt([{ role: 'user', content: [{ type: 'text', text }] }]);
    step.response({ role: 'assistant', content: text }).model(text).finishReason(text);
    step
      .toolDefinitions([{ name: text }])
      .metadata({ [text]: text })
      .error(text);
    r.step().prompt(text).response(text).toolDefinitions(text).end();
    r.toolCall(text).args({ deep: { text } }).result([text]).metadata({ k: text }).end();
    r.feedback({ score: 'thumbs_up', text });
    await r.error(new Error(text));
    return JSON.stringify(outbox.sent());
  }

  test.each(Object.entries(SECRETS))(
    'holds a %s nowhere, in whichever field it was',
    async (_kind, secret) => {
      expect(await recordEverywhere(secret)).not.toContain(secret.split(' ').at(-1));
    },
  );

  test('has gone through the redact hook in every field, with its path', async () => {
    const paths = new Set<string>();
    configure({
      redact: (text, { type, path }) => {
        paths.add(`${type}:${path}`);
        return text.replaceAll('CANARY', 'gone');
      },
    });
    const wire = await recordEverywhere('CANARY');
    // Names of members are not text: the hook sees values.
    expect(wire.replaceAll('"CANARY":', '')).not.toContain('CANARY');
    expect([...paths]).toEqual(
      expect.arrayContaining(['run:prompt.user_prompt', 'content:body.content.0.text', 'tool_call:args']),
    );
  });

  test('is left out where the hook throws or returns nothing', async () => {
    configure({
      redact: (text) => {
        if (text === 'drop me') return undefined;
        throw new Error('hook');
      },
      onDiagnostic: () => {},
    });
    const r = run();
    r.prompt('drop me').response('fail me');
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({ prompt: {}, response: '[REDACTED]' });
  });

  test('drops the value of members that name a secret', async () => {
    const r = run({
      metadata: { authorization: 'abc', nested: { 'x-api-key': 'abc', cookie: 5 }, author: 'abc' },
    });
    await r.prompt('x').end();
    expect(outbox.merged(r.runId).metadata).toEqual({
      authorization: '[REDACTED]',
      nested: { 'x-api-key': '[REDACTED]', cookie: '[REDACTED]' },
      author: 'abc',
    });
  });

  test('drops the value of a cookie where nothing else is a secret', async () => {
    const r = run({ metadata: { nested: { cookie: 'abc' } } });
    r.step()
      .prompt([{ role: 'user', content: 'x', headers: { cookie: 'abc' } }])
      .end();
    await r.prompt('x').end();
    expect(outbox.merged(r.runId).metadata).toEqual({ nested: { cookie: '[REDACTED]' } });
    expect(JSON.stringify(outbox.sent())).not.toContain('abc');
  });

  test('cuts huge texts, says so and how much is missing, and splits no character', async () => {
    configure({ maxTextLength: 10 });
    const r = run();
    r.prompt('123456789😀 and more').response('short');
    await r.end();
    expect(outbox.merged(r.runId)).toMatchObject({
      prompt: { user_prompt: '123456789… [truncated: 11 of 20 characters left out]' },
      response: 'short',
    });
  });
});
