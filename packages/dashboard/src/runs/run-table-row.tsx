import type { RunRow } from '@observatory/collector/api';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CornerDownRight, ThumbsDown, ThumbsUp } from 'lucide-react';
import { HoverCard } from 'radix-ui';
import { memo, useRef } from 'react';
import { useLive } from '../api/live.js';
import { runQuery } from '../api/queries.js';
import { Line } from '../content/captured.js';
import { Status } from '../ui/outcome.js';
import { Ago, Duration } from '../ui/times.js';
import { Cost, Tokens } from '../ui/usage.js';
import { RunPeek } from './run-peek.js';

/** The grid that the head and every row share; columns appear as the list gets wider. */
export const RUN_COLUMNS =
  'grid items-center gap-x-4 px-4 sm:px-6 grid-cols-[104px_minmax(90px,150px)_minmax(0,1fr)_72px_48px] @min-[760px]:grid-cols-[100px_minmax(80px,128px)_minmax(0,1fr)_68px_68px_36px] @min-[860px]:grid-cols-[104px_minmax(90px,136px)_minmax(0,1fr)_72px_56px_72px_40px] @min-[1040px]:grid-cols-[104px_136px_minmax(0,1fr)_136px_72px_56px_72px_40px] @min-[1180px]:grid-cols-[104px_160px_minmax(0,1fr)_168px_76px_64px_76px_48px] @min-[1400px]:grid-cols-[104px_190px_minmax(0,1fr)_190px_64px_80px_68px_84px_56px]';

/** How long after its arrival a row still pulses: a row that scrolls into view later does not. */
const FRESH_MS = 1_500;

/** A pointer that rests so long is about to open the run: it is read already. */
const INTENT_MS = 120;

export const RunTableRow = memo(function RunTableRow({
  row,
  index,
  top,
  height,
  selected,
}: {
  row: RunRow;
  index: number;
  top: number;
  height: number;
  selected: boolean;
}) {
  const client = useQueryClient();
  const arrival = useLive().cache.arrival(row.run_id);
  const intent = useRef<ReturnType<typeof setTimeout>>(undefined);
  const fresh = arrival !== undefined && Date.now() - arrival.time < FRESH_MS;
  // Two names for one animation: another name starts it again, and the row keeps its focus and its peek.
  const pulse = fresh ? (arrival.count % 2 === 1 ? 'arrived' : 'arrived-again') : '';
  const look = `absolute inset-x-0 border-b transition-[background-color] duration-(--quick) hover:bg-hover has-[:focus-visible]:bg-hover ${
    selected ? 'bg-active shadow-[inset_2px_0_0_var(--accent)]' : ''
  } ${pulse}`;
  return (
    <tr
      data-run={row.run_id}
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={`${look} ${RUN_COLUMNS} max-[639px]:flex max-[639px]:flex-wrap max-[639px]:content-center max-[639px]:gap-y-1`}
      style={{ top, height }}
      onPointerEnter={() => {
        intent.current = setTimeout(() => void client.prefetchQuery(runQuery(row.run_id)), INTENT_MS);
      }}
      onPointerLeave={() => clearTimeout(intent.current)}
    >
      <td className="flex items-center text-sm max-[639px]:order-2">
        <Status of={row} />
      </td>
      <td className="flex min-w-0 items-center gap-1.5 text-sm text-ink-2 max-[639px]:order-3 max-[639px]:max-w-[38%]">
        {row.parent_run_id !== undefined && (
          <CornerDownRight size={13} aria-label="Nested run" className="shrink-0 text-run" />
        )}
        <Line text={row.name ?? ''} />
      </td>
      <td className="min-w-0 max-[639px]:order-1 max-[639px]:w-full">
        <HoverCard.Root openDelay={550} closeDelay={80}>
          <div className="flex min-w-0 items-center gap-2">
            <HoverCard.Trigger asChild>
              <Link
                to="/runs/$runId"
                params={{ runId: row.run_id }}
                // The whole row is the link; the peek opens over the text only.
                className="flex min-w-0 before:absolute before:inset-0"
              >
                <Line
                  text={row.prompt_preview || row.response_preview || 'No prompt recorded'}
                  className={row.prompt_preview ? '' : 'text-ink-3'}
                />
              </Link>
            </HoverCard.Trigger>
            {row.feedback_score === 'thumbs_up' && (
              <ThumbsUp size={13} aria-label="Thumbs up" className="shrink-0 text-ok" />
            )}
            {row.feedback_score === 'thumbs_down' && (
              <ThumbsDown size={13} aria-label="Thumbs down" className="shrink-0 text-error" />
            )}
            {row.tags?.slice(0, 2).map((tag) => (
              <span key={tag} className="chip hidden max-w-28 @min-[1180px]:inline-flex">
                <Line text={tag} />
              </span>
            ))}
          </div>
          <HoverCard.Portal>
            <HoverCard.Content
              align="start"
              side="bottom"
              sideOffset={10}
              collisionPadding={16}
              className="pop w-[min(520px,90vw)]"
            >
              <RunPeek row={row} />
            </HoverCard.Content>
          </HoverCard.Portal>
        </HoverCard.Root>
      </td>
      <td className="hidden min-w-0 text-sm text-ink-2 @min-[1040px]:flex">
        <Models models={row.models} />
      </td>
      <td
        className="num hidden text-right text-sm text-ink-3 @min-[1400px]:block"
        title={`${row.step_count} steps, ${row.tool_call_count} tool calls`}
      >
        {row.step_count}
        {row.tool_call_count > 0 && <span> + {row.tool_call_count}</span>}
      </td>
      <td className="text-right text-sm text-ink-2 max-[639px]:order-4">
        <Duration of={row} />
      </td>
      <td className="hidden text-right text-sm text-ink-2 @min-[860px]:block">
        <Tokens of={row} />
      </td>
      <td className="hidden text-right text-sm text-ink-2 @min-[760px]:block">
        <Cost usd={row.cost_usd} source={row.cost_source} />
      </td>
      <td className="text-right text-sm text-ink-3 max-[639px]:order-5 max-[639px]:ml-auto">
        <Ago time={row.start_time} />
      </td>
    </tr>
  );
});

export function Models({ models }: { models: string[] | undefined }) {
  if (!models || models.length === 0) return <span className="text-ink-3">–</span>;
  return (
    <>
      <Line text={models[0]!} />
      {models.length > 1 && (
        <span className="ml-1 shrink-0 text-ink-3" title={models.join(', ')}>
          +{models.length - 1}
        </span>
      )}
    </>
  );
}
