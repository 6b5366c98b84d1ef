import type { RunDetail } from '@observatory/collector/api';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ZoomOut } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { formatDuration } from '../format.js';
import { useFastNow } from '../ui/clock.js';
import { useSelection } from './spot.js';
import { SpotDetail } from './spot-detail.js';
import { formatTick, type TimeSplit, ticks, timelineOf, timeSplitOf } from './timeline.js';
import { WaterfallRow } from './waterfall-row.js';

const ROW = 30;
/** Drags shorter than this share of the width are clicks. */
const DRAG_SHARE = 0.015;
/** Room for the last tick's and the longest bar's words. */
const MARGIN = 1.04;

/** When everything happened, on one axis; the selected bar's details beside it. */
export function Waterfall({ detail }: { detail: RunDetail }) {
  if (isRunning(detail)) return <RunningWaterfall detail={detail} />;
  return <WaterfallAt detail={detail} now={0} />;
}

function RunningWaterfall({ detail }: { detail: RunDetail }) {
  return <WaterfallAt detail={detail} now={useFastNow()} />;
}

function WaterfallAt({ detail, now }: { detail: RunDetail; now: number }) {
  const { at, select } = useSelection();
  const timeline = useMemo(() => timelineOf(detail, now), [detail, now]);
  const split = useMemo(() => timeSplitOf(timeline), [timeline]);
  const [zoom, setZoom] = useState<[number, number]>();
  const [from, to] = zoom ?? [0, timeline.length * MARGIN];
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: timeline.bars.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
  });
  const index = timeline.bars.findIndex((bar) => bar.spot === at);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another selection scrolls
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' });
  }, [at]);
  return (
    <div className="px-4 py-5 sm:px-6">
      <div className="mb-3 flex flex-wrap items-center gap-x-5 gap-y-1 text-sm text-ink-2">
        <Legend split={split} />
        <span className="ml-auto text-ink-3">{zoom ? '' : 'Drag across the axis to zoom'}</span>
        {zoom && (
          <button type="button" className="btn" onClick={() => setZoom(undefined)}>
            <ZoomOut size={13} aria-hidden />
            {formatDuration(from)} – {formatDuration(to)}
          </button>
        )}
      </div>
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_400px]">
        <div className="panel min-w-0 self-start overflow-hidden">
          <Axis from={from} to={to} onZoom={setZoom} />
          <div ref={scroller} className="max-h-[max(240px,calc(100vh-350px))] overflow-y-auto">
            <ol aria-label="Waterfall" className="relative" style={{ height: virtual.getTotalSize() }}>
              {virtual.getVirtualItems().map((item) => {
                const bar = timeline.bars[item.index];
                return (
                  bar && (
                    <WaterfallRow
                      key={bar.spot}
                      bar={bar}
                      top={item.start}
                      height={ROW}
                      from={from}
                      to={to}
                      selected={bar.spot === at}
                      onSelect={() => select(bar.spot)}
                    />
                  )
                );
              })}
            </ol>
          </div>
        </div>
        <aside
          aria-label="Selected"
          className="min-w-0 xl:max-h-[calc(100vh-250px)] xl:overflow-y-auto"
          key={at}
        >
          <SpotDetail detail={detail} spot={at} />
        </aside>
      </div>
    </div>
  );
}

function isRunning(detail: RunDetail): boolean {
  return (
    detail.run.running ||
    detail.steps.some((step) => step.running) ||
    detail.tool_calls.some((call) => call.running) ||
    detail.runs.some(isRunning)
  );
}

function Legend({ split }: { split: TimeSplit }) {
  const parts = [
    ['Model', split.model, 'bg-step'],
    ['Tools', split.tools, 'bg-tool'],
    ['Your code and waiting', split.other, 'bg-line-strong'],
  ] as const;
  return parts.map(([label, ms, colour]) => (
    <span key={label} className="flex items-center gap-1.5">
      <span className={`size-2 rounded-[3px] ${colour}`} />
      {label} <span className="num text-ink-3">{formatDuration(ms)}</span>
    </span>
  ));
}

/** Ticks; a drag across them zooms. */
function Axis({ from, to, onZoom }: { from: number; to: number; onZoom(range: [number, number]): void }) {
  const [drag, setDrag] = useState<{ start: number; end: number }>();
  const share = (event: React.PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  return (
    <div className="grid grid-cols-[minmax(110px,30%)_minmax(0,1fr)] border-b">
      <div className="label border-r px-3 py-1.5">Time</div>
      <div
        className="relative h-7 cursor-col-resize touch-none overflow-hidden select-none"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ start: share(event), end: share(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, end: share(event) })}
        onPointerUp={() => {
          if (drag && Math.abs(drag.end - drag.start) > DRAG_SHARE) {
            const [a, b] = [drag.start, drag.end].sort((x, y) => x - y) as [number, number];
            onZoom([from + a * (to - from), from + b * (to - from)]);
          }
          setDrag(undefined);
        }}
      >
        {ticks(from, to).map((tick) => (
          <span
            key={tick}
            className="num absolute top-0 h-full border-l pt-1.5 pl-1.5 text-2xs text-ink-3"
            style={{ left: `${((tick - from) / (to - from)) * 100}%` }}
          >
            {formatTick(tick)}
          </span>
        ))}
        {drag && (
          <span
            className="absolute inset-y-0 bg-accent/20"
            style={{
              left: `${Math.min(drag.start, drag.end) * 100}%`,
              width: `${Math.abs(drag.end - drag.start) * 100}%`,
            }}
          />
        )}
      </div>
    </div>
  );
}
