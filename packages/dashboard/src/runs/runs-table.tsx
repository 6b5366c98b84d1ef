import type { RunRow } from '@observatory/collector/api';
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { plural } from '../format.js';
import { useListKeys } from '../ui/list-keys.js';
import { useMedia } from '../ui/media.js';
import { RUN_COLUMNS, RunTableRow } from './run-table-row.js';

const ROW = 42;
const PHONE_ROW = 66;
/** Rows from the end at which the next page is asked for. */
const LOAD_AHEAD = 30;

/** A virtualised table of runs: only the rows on screen are in the page, whatever the list's length. */
export function RunsTable({
  rows,
  loading,
  dimmed,
  hasMore,
  loadMore,
  total,
  listKey,
  onClear,
}: {
  rows: RunRow[];
  loading: boolean;
  dimmed: boolean;
  hasMore: boolean;
  loadMore(): void;
  total: number | undefined;
  /** Changes when the list is another one: scrolls to the top. */
  listKey: string;
  onClear: (() => void) | undefined;
}) {
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const phone = useMedia('(max-width: 639px)');
  const height = phone ? PHONE_ROW : ROW;
  const ids = useMemo(() => rows.map((row) => row.run_id), [rows]);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => ids[index] ?? index,
    overscan: 8,
    paddingEnd: 16,
  });
  const measure = virtual.measure;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height makes every size wrong
  useEffect(() => measure(), [measure, height]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another list goes back to the top
  useEffect(() => {
    // A block: newer browsers return a promise from scrollTo, which React would take for a cleanup.
    scroller.current?.scrollTo({ top: 0 });
  }, [listKey]);

  const selected = useListKeys({
    ids,
    open: (id) => void navigate({ to: '/runs/$runId', params: { runId: id } }),
    show: (index) => virtual.scrollToIndex(index, { align: 'auto' }),
    onEscape: () => onClear?.(),
  });

  const arrived = useKeepPlace(scroller, ids, height, listKey);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - LOAD_AHEAD) loadMore();
  }, [hasMore, last, rows.length, loadMore]);

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {arrived > 0 && (
        <button
          type="button"
          className="btn absolute top-11 left-1/2 z-10 -translate-x-1/2 rounded-full border-accent-line bg-accent-soft text-accent shadow-pop hover:bg-accent-soft hover:text-accent"
          onClick={() => scroller.current?.scrollTo({ top: 0, behavior: 'smooth' })}
        >
          <ArrowUp size={13} aria-hidden />
          {plural(arrived, 'new run')}
        </button>
      )}
      <div
        ref={scroller}
        className={`scroller @container transition-opacity duration-(--calm) ${dimmed ? 'opacity-50' : ''}`}
      >
        <table
          aria-label="Runs"
          aria-rowcount={total ?? (hasMore ? -1 : rows.length)}
          aria-busy={loading}
          className="block w-full"
        >
          <thead className="sticky top-0 z-5 hidden border-b bg-canvas @min-[640px]:block">
            <tr className={`${RUN_COLUMNS} h-8`}>
              <Heading>Status</Heading>
              <Heading>Name</Heading>
              <Heading>Prompt</Heading>
              <Heading className="hidden @min-[1040px]:block">Model</Heading>
              <Heading className="hidden text-right @min-[1400px]:block">Steps</Heading>
              <Heading className="text-right">Duration</Heading>
              <Heading className="hidden text-right @min-[860px]:block">Tokens</Heading>
              <Heading className="hidden text-right @min-[760px]:block">Cost</Heading>
              <Heading className="text-right">When</Heading>
            </tr>
          </thead>
          <tbody className="relative block" style={{ height: loading ? undefined : virtual.getTotalSize() }}>
            {loading && <SkeletonRows height={height} />}
            {items.map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              return (
                <RunTableRow
                  key={row.run_id}
                  row={row}
                  index={item.index}
                  top={item.start}
                  height={height}
                  selected={row.run_id === selected}
                />
              );
            })}
          </tbody>
        </table>
        {!loading && rows.length === 0 && (
          <div className="flex flex-col items-center gap-2 px-6 py-24 text-center">
            <p className="font-medium">No run matches</p>
            <p className="max-w-sm text-ink-3">Runs that match will appear here as they arrive.</p>
            {onClear && (
              <button type="button" className="btn mt-2" onClick={onClear}>
                Clear all filters
              </button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

function Heading({ children, className = '' }: { children: string; className?: string }) {
  return (
    <th scope="col" className={`label truncate text-left font-medium ${className}`}>
      {children}
    </th>
  );
}

function SkeletonRows({ height }: { height: number }) {
  return Array.from({ length: 14 }, (_, index) => (
    <tr
      // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no other name
      key={index}
      className="flex items-center gap-6 border-b px-4 sm:px-6"
      style={{ height }}
    >
      <td className="skeleton h-3 w-16" />
      <td className="skeleton h-3 w-24" />
      <td className="h-3 flex-1">
        <div className="skeleton h-3" style={{ width: `${35 + ((index * 37) % 55)}%` }} />
      </td>
      <td className="skeleton h-3 w-14" />
    </tr>
  ));
}

/**
 * Rows that arrive above what is being read do not push it away: the scroll position moves along. Returns how many are
 * waiting above.
 */
function useKeepPlace(
  scroller: React.RefObject<HTMLDivElement | null>,
  ids: string[],
  height: number,
  listKey: string,
): number {
  const [arrived, setArrived] = useState(0);
  const before = useRef({ first: ids[0], listKey });
  useLayoutEffect(() => {
    const element = scroller.current;
    const was = before.current;
    before.current = { first: ids[0], listKey };
    if (!element || was.listKey !== listKey) return setArrived(0);
    if (was.first === undefined || was.first === ids[0] || element.scrollTop < height / 2) return;
    const above = ids.indexOf(was.first);
    if (above <= 0) return;
    element.scrollTop += above * height;
    setArrived((count) => count + above);
  }, [scroller, ids, height, listKey]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onScroll = () => {
      if (element.scrollTop < height) setArrived(0);
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, [scroller, height]);
  return arrived;
}
