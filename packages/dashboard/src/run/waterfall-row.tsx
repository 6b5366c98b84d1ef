import { CornerDownRight, Sparkle, Wrench } from 'lucide-react';
import { Line } from '../content/captured.js';
import { formatDuration } from '../format.js';
import { OUTCOMES, outcomeOf } from '../ui/outcome.js';
import type { Bar } from './timeline.js';

const LOOKS = {
  run: { icon: CornerDownRight, text: 'text-run', soft: 'bg-run-soft border-run' },
  step: { icon: Sparkle, text: 'text-step fill-current', soft: 'bg-step-soft border-step' },
  tool: { icon: Wrench, text: 'text-tool', soft: 'bg-tool-soft border-tool' },
} as const;

/** One bar: its name to the left, its time to the right; lighter until the first token. */
export function WaterfallRow({
  bar,
  top,
  height,
  from,
  to,
  selected,
  onSelect,
}: {
  bar: Bar;
  top: number;
  height: number;
  from: number;
  to: number;
  selected: boolean;
  onSelect(): void;
}) {
  const look = LOOKS[bar.kind];
  const Icon = look.icon;
  const outcome = outcomeOf(bar.of);
  const failed = outcome !== undefined && outcome !== 'ok';
  const share = (ms: number) => ((ms - from) / (to - from)) * 100;
  const left = Math.max(0, share(bar.start));
  const right = Math.min(100, share(bar.end));
  const visible = right >= 0 && left <= 100;
  const took = bar.of.running ? 'running' : formatDuration(bar.end - bar.start);
  const label = failed ? `${took} · ${OUTCOMES[outcome].label}` : took;
  // The words stand right of the bar, or left of it when it ends near the edge.
  const beforeBar = right > 80 && left > 25;
  const inside = right > 80 && !beforeBar;
  return (
    <li className="absolute inset-x-0" style={{ top, height }}>
      <button
        type="button"
        data-bar={bar.spot}
        aria-current={selected ? 'true' : undefined}
        onClick={onSelect}
        className={`grid h-full w-full grid-cols-[minmax(110px,30%)_minmax(0,1fr)] border-b text-left text-sm -outline-offset-2 transition-colors duration-(--quick) hover:bg-hover ${selected ? 'bg-active' : ''}`}
      >
        <span
          className="flex min-w-0 items-center gap-2 border-r px-3"
          style={{ paddingLeft: 12 + Math.min(bar.depth, 10) * 14 }}
        >
          <Icon size={12} aria-hidden className={`shrink-0 ${look.text}`} />
          <Line
            text={bar.label}
            className={bar.kind === 'run' ? 'font-medium' : bar.kind === 'tool' ? 'font-mono text-xs' : ''}
          />
        </span>
        <span className="relative min-w-0 overflow-hidden">
          {bar.gapBefore !== undefined && (
            <span
              className="absolute inset-y-0 bg-[repeating-linear-gradient(135deg,var(--line)_0_1px,transparent_1px_6px)]"
              style={{
                left: `${share(bar.start - bar.gapBefore)}%`,
                width: `${share(bar.start) - share(bar.start - bar.gapBefore)}%`,
              }}
              title={`${formatDuration(bar.gapBefore)} in your own code or waiting`}
            />
          )}
          {visible && (
            <span
              className={`absolute top-[8px] bottom-[8px] min-w-[3px] overflow-hidden rounded-[3px] border-l-2 ${failed && OUTCOMES[outcome].tone === 'error' ? 'border-error bg-error-line' : look.soft} ${bar.of.running ? 'breathing' : ''}`}
              style={{ left: `${left}%`, width: `${Math.max(0, right - left)}%` }}
            >
              {bar.firstToken !== undefined && bar.end > bar.start && (
                <span
                  className="absolute inset-y-0 right-0 border-l border-step bg-step/45"
                  style={{
                    left: `${Math.min(100, Math.max(0, ((share(bar.start + bar.firstToken) - left) / Math.max(0.01, right - left)) * 100))}%`,
                  }}
                  title={`First token after ${formatDuration(bar.firstToken)}`}
                />
              )}
            </span>
          )}
          {visible && (
            <span
              className={`num absolute top-1/2 -translate-y-1/2 px-1.5 text-xs ${failed ? (OUTCOMES[outcome].tone === 'error' ? 'text-error' : 'text-warn') : inside ? 'text-ink-2' : 'text-ink-3'}`}
              style={
                beforeBar
                  ? { right: `${100 - left}%` }
                  : inside
                    ? { left: `${left}%`, paddingLeft: 8 }
                    : { left: `${right}%` }
              }
            >
              {label}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}
