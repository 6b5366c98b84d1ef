/** The first pause after a failure, before jitter. */
const FIRST_PAUSE_MS = 500;
/** A request that nobody answers costs little; a collector that comes back is soon found. */
const LONGEST_PAUSE_MS = 10_000;
/** After an answer that only a person can mend (a wrong key, a wrong address). */
const FIRST_SLOW_PAUSE_MS = 15_000;
const LONGEST_SLOW_PAUSE_MS = 300_000;
/** A collector that asks for more is asked again anyway. */
const LONGEST_RETRY_AFTER_MS = 600_000;

/**
 * Milliseconds to wait after `failures` failures in a row: exponential with full jitter, so that a thousand processes do
 * not come back at the same instant. What the collector asked for by Retry-After is the least, with jitter on top.
 */
export function pauseAfter(
  failures: number,
  options: { slow?: boolean; retryAfterMs?: number | undefined; random: () => number },
): number {
  const first = options.slow ? FIRST_SLOW_PAUSE_MS : FIRST_PAUSE_MS;
  const longest = options.slow ? LONGEST_SLOW_PAUSE_MS : LONGEST_PAUSE_MS;
  const ceiling = Math.min(longest, first * 2 ** Math.min(failures - 1, 20));
  const jittered = options.random() * ceiling;
  if (options.retryAfterMs === undefined) return Math.max(jittered, first / 10);
  return Math.min(options.retryAfterMs, LONGEST_RETRY_AFTER_MS) + options.random() * first;
}

/** Retry-After in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3); undefined where it is neither. */
export function retryAfterMs(header: string | null | undefined, now = Date.now()): number | undefined {
  const value = header?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = value.endsWith('GMT') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
