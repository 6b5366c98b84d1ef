import { describe, expect, it } from 'vitest';
import { judge } from './answer.js';

const answer = (status: number, body: unknown = '', extra: { retryAfter?: string; location?: string } = {}) =>
  judge({
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    retryAfter: extra.retryAfter,
    location: extra.location,
  });
const said = (message: string, field?: string) => ({ error: { message, field, code: 'x' } });

describe('an answer', () => {
  it('is an acknowledgement only with a receipt', () => {
    expect(answer(200, { accepted: 2, duplicate: 1, rejected: [] })).toEqual({
      kind: 'stored',
      receipt: { accepted: 2, duplicate: 1, rejected: [] },
    });
    for (const body of ['<html>Log in</html>', '', 'null', '[]', '"ok"', '{}', '{"accepted":"2"}']) {
      expect(answer(200, body)).toMatchObject({ kind: 'later', problem: 'not-a-collector' });
    }
  });

  it('that redirects is no success, and names where to', () => {
    const verdict = answer(302, '', { location: 'https://login.test/' });
    expect(verdict).toMatchObject({ kind: 'misconfigured', problem: 'collector-redirects' });
    expect(verdict).toHaveProperty('words', expect.stringContaining('https://login.test/'));
  });

  it('asks for time by Retry-After', () => {
    expect(answer(429, '', { retryAfter: '7' })).toMatchObject({ kind: 'later', retryAfterMs: 7000 });
    expect(answer(503, '', { retryAfter: '7' })).toMatchObject({ kind: 'later', retryAfterMs: 7000 });
    expect(answer(503)).toMatchObject({ kind: 'later', retryAfterMs: undefined });
  });

  it.each([408, 425, 500, 502, 504, 599])('%i means later', (status) => {
    expect(answer(status)).toMatchObject({ kind: 'later' });
  });

  it.each([401, 403, 404, 405, 410, 451])('%i is for a person to mend', (status) => {
    expect(answer(status, said('no such key'))).toMatchObject({
      kind: 'misconfigured',
      words: expect.stringContaining('no such key'),
    });
  });

  it('names the key when the key is wrong, and the address when that is', () => {
    expect(answer(401)).toHaveProperty('words', expect.stringContaining('apiKey'));
    expect(answer(404)).toHaveProperty('words', expect.stringContaining('OBSERVATORY_URL'));
  });

  it('condemns a batch only in the collector’s own words', () => {
    expect(answer(400, said('must be text', 'items[0].name'))).toEqual({
      kind: 'refused',
      words: 'items[0].name: must be text',
    });
    expect(answer(422, said('must be text'))).toMatchObject({ kind: 'refused' });
    expect(answer(400, '<h1>Bad gateway configuration</h1>')).toMatchObject({ kind: 'misconfigured' });
  });

  it('too large and not decodable are told apart', () => {
    expect(answer(413)).toMatchObject({ kind: 'too-large' });
    expect(answer(415)).toEqual({ kind: 'encoding' });
  });

  it('repeats no more than a few hundred characters', () => {
    expect((answer(500, 'x'.repeat(100_000)) as { words: string }).words.length).toBeLessThan(400);
  });
});
