import { describe, expect, it } from 'vitest';
import { defaultDataDir, durationOf, readSettings } from './settings.js';

describe('the settings', () => {
  it('listen on loopback, port 4318, and keep everything, when nothing is set', () => {
    expect(readSettings({ XDG_STATE_HOME: '/state' })).toMatchObject({
      port: 4318,
      host: '127.0.0.1',
      apiKeys: [],
      abandonAfterMs: 300_000,
    });
    expect(readSettings({})).not.toHaveProperty('retentionMs');
  });

  it('are read from the environment', () => {
    expect(
      readSettings({
        OBSERVATORY_PORT: '0',
        OBSERVATORY_HOST: '0.0.0.0',
        OBSERVATORY_DATA: '/data',
        OBSERVATORY_API_KEYS: ' a, b,,c ',
        OBSERVATORY_RETENTION: '30d',
        OBSERVATORY_ABANDON_AFTER: '90s',
      }),
    ).toEqual({
      port: 0,
      host: '0.0.0.0',
      dataDir: '/data',
      apiKeys: ['a', 'b', 'c'],
      retentionMs: 2_592_000_000,
      abandonAfterMs: 90_000,
    });
  });

  it.each(['x', '-1', '65536', '1.5'])('say what a port is when they get %s', (port) => {
    expect(() => readSettings({ OBSERVATORY_PORT: port })).toThrow(/OBSERVATORY_PORT=.* is no port/);
  });

  it.each(['forever', '30', '-5d', '0s', 'd'])('say what a duration is when they get %s', (text) => {
    expect(() => durationOf('OBSERVATORY_RETENTION', text)).toThrow(
      /is no duration: give a number and a unit/,
    );
  });

  it("keep the data in the user's state folder, wherever the collector is started", () => {
    if (process.platform === 'linux')
      expect(defaultDataDir({ XDG_STATE_HOME: '/state' })).toBe('/state/observatory');
    expect(defaultDataDir({})).toMatch(/observatory$/);
  });
});
