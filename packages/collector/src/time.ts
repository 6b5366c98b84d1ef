/**
 * Times inside the collector are whole microseconds since 1970, so that OTLP's nanoseconds and ISO texts with six digits
 * keep their order, and so that sums and comparisons are exact.
 */
export type Micros = number;

/** What fits a safe integer of microseconds: the years 1684 to 2255. */
const LATEST_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

export const nowMicros = (): Micros => Date.now() * 1000;

/** Reads an ISO-8601 text or epoch milliseconds; undefined when it is neither or out of range. */
export function parseTime(value: unknown): Micros | undefined {
  const ms =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value !== ''
        ? Date.parse(value)
        : Number.NaN;
  if (!Number.isFinite(ms) || Math.abs(ms) > LATEST_MS) return undefined;
  if (typeof value === 'number') return Math.round(ms * 1000);
  // Date.parse stops at milliseconds; digits four to six are added by hand.
  const finer = /\.\d{3}(\d{1,3})/.exec(value as string)?.[1];
  return Math.round(ms) * 1000 + (finer === undefined ? 0 : Number(finer.padEnd(3, '0')));
}

/** ISO-8601 UTC with milliseconds, or microseconds where there are any. */
export function formatTime(time: Micros): string {
  const ms = Math.floor(time / 1000);
  const text = new Date(ms).toISOString();
  const rest = time - ms * 1000;
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

/** Milliseconds between two times, never negative: a client's clock may have been set back in between. */
export const durationMs = (start: Micros, end: Micros): number => Math.max(0, end - start) / 1000;
