import { afterEach, expect, it, vi } from 'vitest';
import { configure, resetConfig } from './config.js';
import { debug } from './diagnostics.js';

afterEach(() => {
  resetConfig();
  vi.restoreAllMocks();
});

it('what delivery does is said on stderr, and only where somebody asked', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  debug('2 items in 48 bytes');
  expect(warn).not.toHaveBeenCalled();
  configure({ debug: true });
  debug('2 items in 48 bytes');
  expect(warn.mock.calls).toEqual([['[observatory] 2 items in 48 bytes']]);
});

it('a console that throws is not the host’s problem', () => {
  configure({ debug: true });
  vi.spyOn(console, 'warn').mockImplementation(() => {
    throw new Error('closed');
  });
  debug('2 items in 48 bytes');
});
