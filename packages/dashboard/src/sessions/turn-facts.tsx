import type { RunBody } from '@observatory/collector/api';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, ChevronRight, ThumbsDown, ThumbsUp, Wrench } from 'lucide-react';
import { runQuery } from '../api/queries.js';
import { Line } from '../content/captured.js';
import { plural } from '../format.js';
import { Transcript } from '../run/transcript.js';
import { Status } from '../ui/outcome.js';
import { Duration } from '../ui/times.js';
import { Cost, Tokens, totalTokens } from '../ui/usage.js';

/** Under a turn: how it went and what it took; expands in place to its steps and tool calls. */
export function TurnFacts({ run, open, toggle }: { run: RunBody; open: boolean; toggle(): void }) {
  return (
    <div className="mt-3">
      <div className="flex flex-wrap items-center gap-x-3.5 gap-y-1 text-sm text-ink-3">
        <button
          type="button"
          aria-expanded={open}
          onClick={toggle}
          className="-ml-1.5 flex h-6 items-center gap-1 rounded-md px-1.5 hover:bg-hover hover:text-ink"
        >
          <ChevronRight
            size={13}
            aria-hidden
            className={`transition-transform duration-(--quick) ${open ? 'rotate-90' : ''}`}
          />
          {plural(run.step_count, 'step')}
        </button>
        <ToolChips run={run} />
        <Status of={run} />
        <Duration of={run} />
        {totalTokens(run) !== undefined && (
          <span className="num">
            <Tokens of={run} /> tokens
          </span>
        )}
        {run.cost_usd !== undefined && <Cost usd={run.cost_usd} source={run.cost_source} />}
        {run.models?.[0] !== undefined && (
          <Line text={run.models[0]} className="hidden max-w-44 sm:inline-block" />
        )}
        {run.feedback_score === 'thumbs_up' && (
          <ThumbsUp size={13} aria-label="Thumbs up" className="text-ok" />
        )}
        {run.feedback_score === 'thumbs_down' && (
          <ThumbsDown size={13} aria-label="Thumbs down" className="text-error" />
        )}
        <Link
          to="/runs/$runId"
          params={{ runId: run.run_id }}
          className="ml-auto flex h-6 items-center gap-1 rounded-md px-1.5 font-medium text-ink-2 hover:bg-hover hover:text-ink"
        >
          Open run
          <ArrowUpRight size={13} aria-hidden />
        </Link>
      </div>
      {open && <Expanded runId={run.run_id} />}
    </div>
  );
}

/** Which tools were called, where the collector says so; else how many. */
function ToolChips({ run }: { run: RunBody & { tools?: string[] } }) {
  if (run.tool_call_count === 0) return null;
  const names = run.tools?.slice(0, 3) ?? [];
  if (names.length === 0) {
    return (
      <span className="flex items-center gap-1 text-tool">
        <Wrench size={12} aria-hidden />
        {plural(run.tool_call_count, 'tool call')}
      </span>
    );
  }
  return (
    <>
      {names.map((name) => (
        <span key={name} className="chip max-w-40 border-transparent bg-tool-soft font-mono text-tool">
          <Line text={name} />
        </span>
      ))}
      {run.tool_call_count > names.length && (
        <span className="num">+{run.tool_call_count - names.length}</span>
      )}
    </>
  );
}

function Expanded({ runId }: { runId: string }) {
  const detail = useQuery(runQuery(runId));
  if (detail.isPending) {
    return (
      <div className="mt-3 space-y-2" aria-hidden="true">
        <div className="skeleton h-9 w-full" />
        <div className="skeleton h-9 w-full" />
      </div>
    );
  }
  if (detail.isError) return <p className="mt-3 text-sm text-error">{detail.error.message}</p>;
  return (
    <div className="mt-3 rounded-xl border bg-surface p-3 sm:p-4">
      <Transcript detail={detail.data} />
    </div>
  );
}
