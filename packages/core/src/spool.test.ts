import nodeFs, * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Diagnostic } from './diagnostics.js';
import type { Segment } from './segment.js';
import { createSpool, type SpoolDeps } from './spool.js';

let folder: string;
let now: number;
let diagnostics: Diagnostic[];
let log: string[];
beforeEach(() => {
  folder = join(fs.mkdtempSync(join(tmpdir(), 'spool-')), 'state', 'observatory');
  now = 0;
  diagnostics = [];
  log = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.chmodSync(join(folder, '..'), 0o700);
  fs.rmSync(join(folder, '..', '..'), { recursive: true });
});

/** A process of its own, as far as the spool can tell. */
function spoolOf(owner: string, alive: () => string[], settings: Partial<SpoolDeps['settings']> = {}) {
  const lost: [string, number][] = [];
  const evicted: Segment[] = [];
  const spool = createSpool({
    now: () => now,
    report: (diagnostic) => diagnostics.push(diagnostic),
    debug: (line) => log.push(line),
    settings: {
      spool: folder,
      spoolLimit: 1e9,
      durable: false,
      url: 'http://one.test',
      apiKey: 'secret-key',
      ...settings,
    },
    lock: { owner, isGone: (other) => other === 'free' || !alive().includes(other) },
  });
  spool.watch({
    evicted: (segment) => evicted.push(segment),
    lost: (reason, items) => lost.push([reason, items]),
  });
  return { spool, lost, evicted };
}

const item = (id: string) => `{"type":"run","run_id":"${id}"}`;
function adoptAll(spool: ReturnType<typeof createSpool>): string[] {
  spool.search(0);
  const lines: string[] = [];
  for (let some = spool.adopt(); some; some = spool.adopt()) {
    lines.push(...some.lines);
    spool.release(some.stored);
  }
  return lines;
}
const files = () => (fs.existsSync(folder) ? fs.readdirSync(folder) : []);

describe('the spool', () => {
  it('touches nothing before there is something to keep', () => {
    const { spool } = spoolOf('1-1-1-0', () => ['1-1-1-0']);
    spool.search(0);
    spool.beat();
    spool.close();
    expect(fs.existsSync(folder)).toBe(false);
    fs.mkdirSync(folder, { recursive: true });
  });

  it('keeps private files in a private folder, with no key in them or in their names', () => {
    const { spool } = spoolOf('1-1-1-0', () => ['1-1-1-0']);
    spool.append([item('a')]);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    const [name] = files();
    expect(fs.statSync(join(folder, name!)).mode & 0o777).toBe(0o600);
    expect(name).not.toContain('secret');
    expect(fs.readFileSync(join(folder, name!), 'utf8')).not.toContain('secret');
  });

  it('gives back a file when everything in it is settled', () => {
    const { spool } = spoolOf('1-1-1-0', () => ['1-1-1-0']);
    const a = spool.append([item('a')])!;
    const b = spool.append([item('b')])!;
    spool.release(a);
    expect(spool.read(b)).toEqual([item('b')]);
    spool.release(b);
    spool.close();
    expect(files()).toEqual([]);
  });

  it('hands what a process left to the next, once', () => {
    const alive = ['1-1-1-0', '2-2-2-0', '3-3-3-0'];
    const first = spoolOf('1-1-1-0', () => alive);
    first.spool.append([item('a'), item('b')]);
    const second = spoolOf('2-2-2-0', () => alive);
    const third = spoolOf('3-3-3-0', () => alive);
    expect(adoptAll(second.spool)).toEqual([]);
    alive.shift();
    second.spool.search(0);
    third.spool.search(0);
    const mine = second.spool.adopt();
    expect(mine?.lines).toEqual([item('a'), item('b')]);
    expect(third.spool.adopt()).toBeUndefined();
    expect(second.spool.hasOrphans).toBe(true);
    second.spool.release(mine!.stored);
    expect(second.spool.hasOrphans).toBe(false);
    expect(files()).toEqual([]);
  });

  it('hands on what is left when the one who took it over ends too', () => {
    let alive = ['1-1-1-0'];
    spoolOf('1-1-1-0', () => alive).spool.append(Array.from({ length: 700 }, (_, i) => item(`r${i}`)));
    alive = ['2-2-2-0'];
    const second = spoolOf('2-2-2-0', () => alive);
    second.spool.search(0);
    second.spool.release(second.spool.adopt()!.stored);
    expect(log.map((line) => line.replace(/\S+$/, ''))).toEqual(['700 items to ', '700 items from ']);
    alive = ['3-3-3-0'];
    const rest = adoptAll(spoolOf('3-3-3-0', () => alive).spool);
    // A file goes as a whole: what of it was delivered is delivered again, and stored once.
    expect(rest).toEqual(Array.from({ length: 700 }, (_, i) => item(`r${i}`)));
  });

  it('never gives one collector, or one project, what was meant for another', () => {
    spoolOf('1-1-1-0', () => []).spool.append([item('a')]);
    expect(adoptAll(spoolOf('2-2-2-0', () => [], { url: 'http://two.test' }).spool)).toEqual([]);
    expect(adoptAll(spoolOf('3-3-3-0', () => [], { apiKey: 'other' }).spool)).toEqual([]);
    expect(adoptAll(spoolOf('4-4-4-0', () => []).spool)).toEqual([item('a')]);
  });

  it('leaves alone what another copy of this package in the same thread writes', () => {
    const first = spoolOf('1-1-1-0', () => ['1-1-1-0']);
    const stored = first.spool.append([item('a')])!;
    expect(adoptAll(spoolOf('1-1-1-0', () => ['1-1-1-0']).spool)).toEqual([]);
    expect(first.spool.read(stored)).toEqual([item('a')]);
    expect(files()).toHaveLength(1);
  });

  it('keeps what was recorded under an address that is no URL for when the address is right', () => {
    spoolOf('1-1-1-0', () => [], { url: 'localhost' }).spool.append([item('a')]);
    expect(adoptAll(spoolOf('2-2-2-0', () => []).spool)).toEqual([item('a')]);
  });

  it('loses a torn record, says so, and delivers the rest', () => {
    spoolOf('1-1-1-0', () => []).spool.append([item('a'), item('b'), item('c')]);
    const at = join(folder, files()[0]!);
    fs.truncateSync(at, fs.statSync(at).size - 5);
    const next = spoolOf('2-2-2-0', () => []);
    expect(adoptAll(next.spool)).toEqual([item('a'), item('b')]);
    expect(next.lost).toEqual([['spool_damaged', 1]]);
    expect(files()).toEqual([]);
  });

  it('does not follow a link somebody put in its folder', () => {
    const { spool } = spoolOf('2-2-2-0', () => []);
    spool.append([item('mine')]);
    const outside = join(folder, '..', 'outside');
    fs.writeFileSync(outside, 'not yours');
    fs.symlinkSync(outside, join(folder, files()[0]!.replace('2-2-2-0', '1-1-1-0')));
    expect(adoptAll(spool)).toEqual([]);
    expect(fs.readFileSync(outside, 'utf8')).toBe('not yours');
  });

  it('lets the oldest give way when it is full, and says how much', () => {
    const { spool, evicted } = spoolOf('1-1-1-0', () => ['1-1-1-0'], { spoolLimit: 10_000 });
    const stored = Array.from({ length: 400 }, (_, i) => spool.append([item(`r${i}`)])!);
    const size = files().reduce((sum, name) => sum + fs.statSync(join(folder, name)).size, 0);
    expect(size).toBeLessThanOrEqual(10_000);
    expect(evicted.length).toBeGreaterThan(3);
    const gone = stored.map((where) => spool.read(where) === undefined);
    expect(gone[0]).toBe(true);
    expect(gone.at(-1)).toBe(false);
    expect(gone.lastIndexOf(true)).toBeLessThan(gone.indexOf(false));
    expect(stored.filter(({ segment }) => evicted.includes(segment)).length).toBe(
      gone.filter(Boolean).length,
    );
  });

  it('counts what earlier processes left when that has to give way', () => {
    spoolOf('1-1-1-0', () => []).spool.append(Array.from({ length: 100 }, (_, i) => item(`r${i}`)));
    const { spool, lost } = spoolOf('2-2-2-0', () => ['2-2-2-0'], {
      spoolLimit: 3600,
      url: 'http://two.test',
    });
    spool.search(0);
    expect(spool.append([item('new')])).toBeDefined();
    expect(lost).toEqual([['spool_full', 100]]);
  });

  it.skipIf(process.getuid?.() === 0)(
    'says once that a folder cannot be written, and tries again later',
    () => {
      const { spool } = spoolOf('1-1-1-0', () => []);
      fs.mkdirSync(folder, { recursive: true });
      fs.chmodSync(folder, 0o500);
      expect(spool.append([item('a')])).toBeUndefined();
      now += 60_000;
      expect(spool.append([item('b')])).toBeUndefined();
      expect(diagnostics).toHaveLength(1);
      fs.chmodSync(folder, 0o700);
      now += 60_000;
      expect(spool.append([item('c')])).toBeDefined();
    },
  );

  it('says once that there is no such folder and none can be made', () => {
    fs.mkdirSync(join(folder, '..'), { recursive: true });
    fs.writeFileSync(folder, 'a file');
    const { spool } = spoolOf('1-1-1-0', () => []);
    expect(spool.append([item('a')])).toBeUndefined();
    now += 60_000;
    expect(spool.append([item('b')])).toBeUndefined();
    expect(diagnostics.map(({ kind }) => kind)).toEqual(['spool-unavailable']);
    expect(diagnostics[0]?.message).toContain(folder);
    fs.rmSync(folder);
    now += 60_000;
    expect(spool.append([item('c')])).toBeDefined();
  });

  it('keeps nothing when told so', () => {
    const { spool } = spoolOf('1-1-1-0', () => [], { spool: false });
    expect(spool.append([item('a')])).toBeUndefined();
    expect(diagnostics).toEqual([]);
    fs.mkdirSync(folder, { recursive: true });
  });
});

describe('the journal', () => {
  const opened = (id: string, seq: number) =>
    JSON.stringify({ type: 'run', run_id: id, seq, start_time: '2026-01-01T00:00:00.000Z' });
  const ended = (id: string, seq: number) =>
    JSON.stringify({ type: 'run', run_id: id, seq, end_time: '2026-01-01T00:00:01.000Z' });

  it('ends the runs of a process that is gone as abandoned', () => {
    const first = spoolOf('1-1-1-0', () => [], { durable: true });
    first.spool.append([opened('a', 1), opened('b', 2)]);
    first.spool.append([ended('a', 3)]);
    const lines = adoptAll(spoolOf('2-2-2-0', () => []).spool).map((line) => JSON.parse(line));
    expect(lines.filter(({ outcome }) => outcome === 'abandoned')).toMatchObject([{ run_id: 'b', seq: 3 }]);
    expect(lines).toHaveLength(4);
    expect(files().map((name) => fs.statSync(join(folder, name)).size)).toEqual([0]);
  });

  it('finds again what was taken over and not read before the next search', () => {
    spoolOf('1-1-1-0', () => [], { durable: true }).spool.append([opened('a', 1)]);
    const { spool } = spoolOf('2-2-2-0', () => ['2-2-2-0']);
    spool.search(0);
    const lines = adoptAll(spool).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ outcome: 'abandoned' }, { start_time: '2026-01-01T00:00:00.000Z' }]);
  });

  it('knows what is open although the lines that said so were delivered and are gone', () => {
    const first = spoolOf('1-1-1-0', () => [], { durable: true });
    first.spool.release(first.spool.append([opened('a', 1)])!);
    for (let i = 0; i < 600; i++) {
      const stored = first.spool.append([
        ended('x', 10 + i),
        `{"type":"content","body":"${'x'.repeat(9000)}"}`,
      ]);
      first.spool.release(stored!);
    }
    expect(files()).toHaveLength(1);
    const lines = adoptAll(spoolOf('2-2-2-0', () => []).spool).map((line) => JSON.parse(line));
    expect(lines.filter(({ run_id }) => run_id === 'a')).toMatchObject([{ outcome: 'abandoned' }]);
  });

  it('knows what is open although the disk was full when a new file began', () => {
    const { spool } = spoolOf('1-1-1-0', () => [], { durable: true, spoolLimit: 80_000 });
    const before = [spool.append([opened('a', 1)])!, spool.append([`{"body":"${'x'.repeat(10_000)}"}`])!];
    vi.spyOn(nodeFs, 'writeSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    expect(spool.append([item('b')])).toBeUndefined();
    expect(diagnostics[0]?.message).toContain('ENOSPC');
    now += 60_000;
    spool.release(spool.append([item('c')])!);
    for (const stored of before) spool.release(stored);
    const lines = adoptAll(spoolOf('2-2-2-0', () => []).spool).map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ run_id: 'a', outcome: 'abandoned' }));
  });

  it('shrinks when nothing is open and everything is delivered', () => {
    const { spool } = spoolOf('1-1-1-0', () => ['1-1-1-0'], { durable: true });
    for (let i = 0; i < 1000; i++) {
      const stored = spool.append([opened('a', 2 * i), ended('a', 2 * i + 1)]);
      spool.release(stored!);
    }
    expect(fs.statSync(join(folder, files()[0]!)).size).toBe(0);
  });
});
