import { formatAgo, formatDuration, formatSince, formatTime } from '../format.js';
import { useFastNow, useNow } from './clock.js';

/** How long ago, ticking; the exact time on hover. Within a sentence it says `ago`, `just now` or `on` a day. */
export function Ago({ time, sentence = false }: { time: string; sentence?: boolean }) {
  const now = useNow();
  return (
    <time dateTime={time} title={formatTime(time)} className="num">
      {sentence ? formatSince(time, now) : formatAgo(time, now)}
    </time>
  );
}

/** A duration; of something that is running, the time since it started, ticking. */
export function Duration({ of }: { of: { running: boolean; start_time: string; duration_ms?: number } }) {
  if (of.running) return <Ticking since={of.start_time} />;
  return <span className="num">{of.duration_ms === undefined ? '–' : formatDuration(of.duration_ms)}</span>;
}

function Ticking({ since }: { since: string }) {
  const now = useFastNow();
  const ms = Math.max(0, now - Date.parse(since));
  // Tenths under a minute tick calmly; milliseconds would only flicker.
  return (
    <span className="num text-accent">
      {ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms)}
    </span>
  );
}
