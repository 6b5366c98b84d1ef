/**
 * Time and ids. Durations come from the monotonic clock: a run notes once how far that clock stands from the wall clock,
 * and every time inside the run is the monotonic reading plus that offset. So no end precedes its start, whatever happens
 * to the machine's clock meanwhile.
 */

/** Milliseconds to add to `performance.now()` to get the wall clock. */
export const clockOffset = (): number => Date.now() - performance.now();

export const timeWith = (offset: number): number => offset + performance.now();

// toISOString costs 0.9 µs, and a run has a dozen times: everything but the milliseconds is kept from the last call.
let lastSecond = Number.NaN;
let lastPrefix = '';

/** ISO-8601 UTC with milliseconds. Times that no Date can hold become the epoch. */
export function iso(ms: number): string {
  const whole = Math.floor(ms);
  const second = Math.floor(whole / 1000);
  if (second !== lastSecond) {
    const date = new Date(second * 1000);
    if (Number.isNaN(date.getTime())) return '1970-01-01T00:00:00.000Z';
    lastPrefix = date.toISOString().slice(0, -4);
    lastSecond = second;
  }
  const rest = whole - second * 1000;
  return `${lastPrefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}

/** Epoch milliseconds of a Date, a number or an ISO string; undefined where it is no valid time. */
export function toMs(time: unknown): number | undefined {
  const ms = time instanceof Date ? time.getTime() : typeof time === 'string' ? Date.parse(time) : time;
  return typeof ms === 'number' && Math.abs(ms) <= 8.64e15 ? ms : undefined;
}

let idTime = 0;
let idCount = 0;
let idPrefix = '';
let idSuffix = '';

/** A UUIDv7: sorts by time of creation, also within one millisecond of one process. */
export function newId(): string {
  const now = Date.now();
  if (now > idTime || idCount > 0xfff) {
    // 4,096 ids in one millisecond borrow from the next.
    idTime = now > idTime ? now : idTime + 1;
    idCount = 0;
    const time = idTime.toString(16).padStart(12, '0');
    idPrefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    // The variant and the random part of a version 4 id: they tell processes apart, the count what one makes in a millisecond.
    idSuffix = crypto.randomUUID().slice(18);
  }
  const count = idCount++;
  return `${idPrefix}${HEX[count >> 8]}${HEX[(count >> 4) & 15]}${HEX[count & 15]}${idSuffix}`;
}

const HEX = '0123456789abcdef';

let lastSeq = 0;

/**
 * A number larger than any before it, also than those of an earlier process with the same ids: microseconds of the wall
 * clock, or one more than the last.
 */
export function nextSeq(): number {
  const now = Date.now() * 1000;
  lastSeq = now > lastSeq ? now : lastSeq + 1;
  return lastSeq;
}
