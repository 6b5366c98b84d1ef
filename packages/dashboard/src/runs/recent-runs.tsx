import type { RunRow } from '@observatory/collector/api';
import { useNavigate } from '@tanstack/react-router';
import { visibleLine } from '../content/visible-text.js';
import { formatDuration } from '../format.js';
import { useNow } from '../ui/clock.js';
import { OUTCOMES, outcomeOf } from '../ui/outcome.js';

const SHOWN = 72;
const HEIGHT = 28;
/** Shorter runs are drawn as high as this one. */
const FLOOR_MS = 100;

const COLOURS = {
  ok: 'bg-line-strong group-hover:bg-ink-3',
  quiet: 'bg-ink-3',
  error: 'bg-error',
  warn: 'bg-warn',
  accent: 'bg-accent',
} as const;

/** The latest runs as a strip of bars: how long each took, which failed, what is running. New ones come in on the right. */
export function RecentRuns({ rows }: { rows: readonly RunRow[] }) {
  const navigate = useNavigate();
  const now = useNow();
  const latest = rows.slice(0, SHOWN).toReversed();
  if (latest.length < 8) return null;
  const took = (row: RunRow) =>
    Math.max(FLOOR_MS, row.running ? now - Date.parse(row.start_time) : (row.duration_ms ?? FLOOR_MS));
  // Logarithmic: one slow crawl must not flatten every chat turn.
  const most = Math.log(Math.max(...latest.map(took)) / FLOOR_MS + 1);
  const failed = latest.filter((row) => row.status_code === 2).length;
  const open = (event: React.MouseEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>('[data-bar-of]')?.dataset.barOf;
    if (id !== undefined) void navigate({ to: '/runs/$runId', params: { runId: id } });
  };
  return (
    <div className="ml-auto hidden md:block">
      <p className="sr-only">{`Of the latest ${latest.length} runs ${failed} failed.`}</p>
      {/* For the pointer only: the same runs are links in the table. */}
      <div aria-hidden="true" className="flex h-8 cursor-pointer items-end" onClick={open}>
        {latest.map((row) => {
          const outcome = outcomeOf(row);
          const height = 3 + (HEIGHT - 3) * (Math.log(took(row) / FLOOR_MS + 1) / most);
          return (
            <span
              key={row.run_id}
              data-bar-of={row.run_id}
              className="group flex h-full w-[5px] items-end"
              title={`${visibleLine(row.name ?? row.run_id).slice(0, 80)} · ${outcome ? OUTCOMES[outcome].label : 'Running'} · ${formatDuration(took(row))}`}
            >
              <span
                className={`w-[3px] rounded-[1.5px] transition-[height] duration-(--calm) ${COLOURS[outcome ? OUTCOMES[outcome].tone : 'accent']} ${outcome ? '' : 'breathing'}`}
                style={{ height }}
              />
            </span>
          );
        })}
      </div>
    </div>
  );
}
