import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createSpoolLock, NOBODY, SILENCE_MS } from './spool-lock.js';

const lock = createSpoolLock(fs);
const [machine, pid, start] = lock.owner.split('-');
const longAgo = () => Date.now() - SILENCE_MS - 1000;

describe('the owner of a spool file', () => {
  it('is this thread of this process, and is not gone', () => {
    expect(lock.owner).toMatch(/^[0-9a-f]{8}-\d+-\d+-\d+$/);
    expect(pid).toBe(String(process.pid));
    expect(lock.isGone(lock.owner, longAgo())).toBe(false);
  });

  it('is gone when it said so', () => {
    expect(lock.isGone(NOBODY, Date.now())).toBe(true);
  });

  it('is gone when its process is, and not before', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const stat = fs.existsSync('/proc') ? fs.readFileSync(`/proc/${child.pid}/stat`, 'latin1') : '';
    const itsStart = stat ? stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] : '0';
    const owner = `${machine}-${child.pid}-${itsStart}-0`;
    expect(lock.isGone(owner, Date.now())).toBe(false);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(lock.isGone(owner, Date.now())).toBe(true);
  });

  it.runIf(fs.existsSync('/proc/self/stat'))('is gone when another process has its id now', () => {
    expect(lock.isGone(`${machine}-${process.pid}-${Number(start) - 1}-0`, Date.now())).toBe(true);
  });

  it('on another machine or in another container is gone after a minute of silence', () => {
    expect(lock.isGone('00000000-1-1-0', Date.now())).toBe(false);
    expect(lock.isGone('00000000-1-1-0', longAgo())).toBe(true);
  });

  it('that is a thread of a living process is gone after a minute of silence', () => {
    expect(lock.isGone(`${machine}-${pid}-${start}-7`, Date.now())).toBe(false);
    expect(lock.isGone(`${machine}-${pid}-${start}-7`, longAgo())).toBe(true);
  });
});
