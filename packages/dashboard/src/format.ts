/** How numbers and times are written everywhere in the dashboard. */

/** `840 ms`, `1.24 s`, `12.4 s`, `2m 05s`, `1h 03m`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '–';
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)}d ${pad(Math.floor((seconds % 86_400) / 3600))}h`;
}

/** `950`, `1.2k`, `34.5k`, `1.2M`. */
export function formatCount(count: number): string {
  if (count < 1000) return String(Math.round(count));
  if (count < 99_950) return `${trimZero((count / 1000).toFixed(1))}k`;
  if (count < 999_500) return `${Math.round(count / 1000)}k`;
  if (count < 999_500_000) return `${trimZero((count / 1_000_000).toFixed(1))}M`;
  return `${trimZero((count / 1_000_000_000).toFixed(1))}B`;
}

/** The whole number with separators: `1,204,551`. */
export function formatExact(count: number): string {
  return count.toLocaleString('en-US');
}

/** US dollars. A cost that is not zero never reads as zero. */
export function formatCost(usd: number): string {
  if (usd === 0) return '$0';
  if (usd < 0.00001) return '<$0.00001';
  if (usd < 0.001) return `$${usd.toFixed(5)}`;
  if (usd < 0.1) return `$${usd.toFixed(4)}`;
  if (usd < 100) return `$${usd.toFixed(2)}`;
  return `$${Math.round(usd).toLocaleString('en-US')}`;
}

/** `12 B`, `3.4 KB`, `10.5 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${trimZero((bytes / 1000).toFixed(bytes < 9_950 ? 1 : 0))} KB`;
  return `${trimZero((bytes / 1_000_000).toFixed(1))} MB`;
}

/** How long ago: `now`, `12s`, `4m`, `2h`, `3d`, then the date. */
export function formatAgo(iso: string, now: number): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return '–';
  const seconds = Math.floor((now - time) / 1000);
  if (seconds < 5) return seconds < -60 ? formatDate(time, now) : 'now';
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  if (seconds < 7 * 86_400) return `${Math.floor(seconds / 86_400)}d`;
  return formatDate(time, now);
}

/** The same within a sentence: `just now`, `12s ago`, `on 22 Nov`. */
export function formatSince(iso: string, now: number): string {
  const ago = formatAgo(iso, now);
  if (ago === 'now') return 'just now';
  return /^\d+[smhd]$/.test(ago) ? `${ago} ago` : ago === '–' ? 'at an unknown time' : `on ${ago}`;
}

/** `22 Nov`, or `22 Nov 2024` in another year. */
function formatDate(time: number, now: number): string {
  const date = new Date(time);
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return date.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  });
}

/** The full local time for titles: `22 Nov 2026, 14:02:11.204 GMT+1`. */
export function formatTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    timeZoneName: 'short',
  });
}

/** `14:02:11`. */
export function formatClock(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** `1 run`, `2 runs`. */
export function plural(count: number, noun: string): string {
  return `${formatExact(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, '');
}
