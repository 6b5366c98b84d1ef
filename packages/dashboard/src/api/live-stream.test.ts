import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LiveState, openLiveStream } from './live-stream.js';

class FakeSource extends EventTarget {
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
  }
  close() {
    this.closed = true;
  }
  emit(type: string, data: string, lastEventId = '') {
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId }));
  }
}

function open(answers: () => boolean) {
  const sources: FakeSource[] = [];
  const states: LiveState[] = [];
  const events: unknown[] = [];
  let stale = 0;
  const stream = openLiveStream({
    url: '/api/live',
    createSource: (url) => {
      const source = new FakeSource(url);
      sources.push(source);
      return source as unknown as EventSource;
    },
    probe: async () => answers(),
    onEvents: (batch) => events.push(batch),
    onStale: () => stale++,
    onState: (state) => states.push(state),
  });
  return { stream, sources, states, events, stale: () => stale };
}

describe('the live stream', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('hands events over in batches, with or without an envelope, and drops what it cannot read', async () => {
    const { sources, events, states } = open(() => true);
    sources[0]!.onopen!();
    sources[0]!.emit('run', '{"type":"run","run":{"run_id":"a"}}');
    sources[0]!.emit('run', '{"run_id":"b"}');
    sources[0]!.emit('run', 'not json');
    sources[0]!.emit('run', 'null');
    sources[0]!.emit('deleted', '{"run_ids":["c"]}');
    sources[0]!.emit('reset', '');
    await vi.advanceTimersByTimeAsync(200);
    expect(states).toEqual(['live']);
    expect(events).toEqual([
      [
        { type: 'run', run: { run_id: 'a' } },
        { type: 'run', run: { run_id: 'b' } },
        { type: 'deleted', run_ids: ['c'] },
        { type: 'reset' },
      ],
    ]);
  });

  it('resumes after the last event it saw, and has everything read again after a gap', async () => {
    const { sources, stale } = open(() => true);
    sources[0]!.onopen!();
    sources[0]!.emit('run', '{"run_id":"a"}', 'x-7');
    sources[0]!.onerror!();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sources[0]!.closed).toBe(true);
    expect(sources[1]!.url).toBe('/api/live?last_event_id=x-7');
    expect(stale()).toBe(0);
    sources[1]!.onopen!();
    expect(stale()).toBe(1);
  });

  it('says that the collector is unreachable, keeps trying, and recovers', async () => {
    let up = false;
    const { sources, states } = open(() => up);
    sources[0]!.onerror!();
    for (let i = 1; i < 4; i++) {
      await vi.advanceTimersByTimeAsync(2_000);
      sources[i]!.onerror!();
    }
    up = true;
    await vi.advanceTimersByTimeAsync(5_000);
    sources.at(-1)!.onopen!();
    expect(states[0]).toBe('unreachable');
    expect(states.at(-1)).toBe('live');
  });

  it('polls when the collector answers but the stream does not open', async () => {
    const { sources, states, stale } = open(() => true);
    sources[0]!.onerror!();
    await vi.advanceTimersByTimeAsync(1_000);
    sources[1]!.onerror!();
    await vi.advanceTimersByTimeAsync(10);
    expect(states).toEqual(['polling']);
    expect(stale()).toBe(1);
    await vi.advanceTimersByTimeAsync(4_000);
    sources[2]!.onerror!();
    await vi.advanceTimersByTimeAsync(10);
    expect(stale()).toBe(2);
  });

  it('does nothing more once closed', async () => {
    const { stream, sources, states } = open(() => false);
    stream.close();
    sources[0]!.onerror!();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sources).toHaveLength(1);
    expect(states).toEqual([]);
  });
});
