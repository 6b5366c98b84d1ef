import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSegment, scan } from './segment.js';
import { fileOf } from './spool-folder.js';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'segment-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const file = fileOf('000000000-0.000000000000.1-1-1-0.spool')!;
const open = (name = 'a') => createSegment(fs, crc32, file, join(folder, name));
const text = (name = 'a') => fs.readFileSync(join(folder, name), 'utf8');
const waiting = (content: string) => scan(content, crc32).lines;

describe('a segment', () => {
  it('gives back what was written, also a part of it', () => {
    const segment = open();
    const first = segment.append(['{"a":1}', '{"b":"ü🎉"}', '{"c":3}']);
    const second = segment.append(['{"d":4}']);
    expect(segment.read(first)).toEqual(['{"a":1}', '{"b":"ü🎉"}', '{"c":3}']);
    expect(segment.read(second)).toEqual(['{"d":4}']);
    expect(segment.read({ ...first, from: 1, count: 1 })).toEqual(['{"b":"ü🎉"}']);
    expect(segment.read({ ...first, end: second.end, count: 4 })).toHaveLength(4);
    expect(segment.read({ ...first, count: 4 })).toBeUndefined();
    expect(waiting(text())).toEqual(['{"a":1}', '{"b":"ü🎉"}', '{"c":3}', '{"d":4}']);
  });

  it('gives back nothing rather than the neighbours of what was damaged since', () => {
    const segment = open();
    const stored = segment.append(['{"a":1}', '{"b":2}', '{"c":3}']);
    fs.writeFileSync(join(folder, 'a'), text().replace('"a"', '"x"'));
    expect(segment.read({ ...stored, from: 1, count: 1 })).toBeUndefined();
  });

  it('keeps what was open apart from what is waiting', () => {
    const segment = open();
    segment.append(['{"a":1}']);
    segment.appendOpenings(['{"b":2}']);
    expect(scan(text(), crc32)).toEqual({ lines: ['{"a":1}'], openings: ['{"b":2}'], damaged: 0 });
  });

  it('counts what is not settled', () => {
    const segment = open();
    segment.append(['0', '1', '2', '3', '4', '5']);
    segment.settle(4);
    expect(segment.outstanding).toBe(2);
  });

  it('is readable by its owner only, and is never written through a link', () => {
    open();
    expect(fs.statSync(join(folder, 'a')).mode & 0o777).toBe(0o600);
    fs.writeFileSync(join(folder, 'victim'), 'mine');
    fs.symlinkSync(join(folder, 'victim'), join(folder, 'b'));
    expect(() => open('b')).toThrow();
    expect(text('victim')).toBe('mine');
  });

  it('loses a torn tail and nothing else', () => {
    open().append(['{"a":1}', '{"b":2}', '{"c":3}']);
    const whole = text();
    for (let length = whole.length - 1; length > whole.indexOf('{"b"'); length--) {
      const found = scan(whole.slice(0, length), crc32);
      expect(found.lines.length).toBeGreaterThanOrEqual(1);
      expect(found.lines.length + found.damaged).toBeLessThanOrEqual(3);
      expect(found.lines.every((line, i) => line === ['{"a":1}', '{"b":2}'][i])).toBe(true);
    }
  });

  it('loses a damaged line and nothing else, wherever the damage is', () => {
    open().append(['{"a":"one"}', '{"b":"two"}', '{"c":"three"}']);
    const whole = text();
    for (let at = 0; at < whole.length; at++) {
      const found = scan(`${whole.slice(0, at)}#${whole.slice(at + 1)}`, crc32);
      expect(found.lines.length).toBeGreaterThanOrEqual(1);
      expect(found.damaged).toBeGreaterThanOrEqual(1);
      // Damage to a line's end takes the next line with it.
      expect(found.lines.length).toBeGreaterThanOrEqual(whole[at] === '\n' ? 1 : 2);
    }
  });

  it('starts on a clean line after a write that failed half way', () => {
    let full = false;
    const smallDisk = {
      ...fs,
      writeSync: ((fd: number, bytes: Buffer, offset: number) => {
        if (!full) return fs.writeSync(fd, bytes, offset);
        fs.writeSync(fd, bytes, offset, 10);
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      }) as typeof fs.writeSync,
    };
    const segment = createSegment(smallDisk, crc32, file, join(folder, 'a'));
    segment.append(['0']);
    full = true;
    expect(() => segment.append(['1'])).toThrow('full');
    full = false;
    segment.append(['2']);
    expect(waiting(text())).toEqual(['0', '2']);
    expect(scan(text(), crc32).damaged).toBe(0);
  });
});
