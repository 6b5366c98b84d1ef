import type { RunDetail } from '@observatory/collector/api';
import { Link } from '@tanstack/react-router';
import {
  ArrowLeft,
  CornerLeftUp,
  MessagesSquare,
  Rocket,
  Server,
  Tag,
  ThumbsDown,
  ThumbsUp,
  User,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Line, Text } from '../content/captured.js';
import { formatCost, formatDuration, formatExact, formatTime, plural } from '../format.js';
import { CopyButton } from '../ui/copy-button.js';
import { Status } from '../ui/outcome.js';
import { Ago, Duration } from '../ui/times.js';
import { COST_SOURCES, Cost, Tokens } from '../ui/usage.js';
import { spotId } from './spot.js';

/** What a run was, how it went, and what it took. */
export function RunHeader({ detail, onBack }: { detail: RunDetail; onBack(): void }) {
  const { run } = detail;
  const nested = detail.subtree.run_count > 1;
  return (
    <header className="px-4 pt-3 pb-4 sm:px-6">
      <div id={spotId('name')} className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
        <button type="button" className="btn btn-quiet btn-icon -ml-2" onClick={onBack} aria-label="Back">
          <ArrowLeft size={15} aria-hidden />
        </button>
        <h1 className="flex min-w-0 text-lg font-semibold tracking-[-0.012em]">
          <Line text={run.name ?? 'Run'} />
        </h1>
        <span className="text-base">
          <Status of={run} />
        </span>
        <span className="flex min-w-0 items-center font-mono text-xs text-ink-3">
          <Line text={run.run_id} className="max-w-40 sm:max-w-none" />
          <CopyButton text={run.run_id} label="Copy the run id" className="-my-1" />
        </span>
        <span className="ml-auto hidden text-sm text-ink-3 sm:inline" title={formatTime(run.start_time)}>
          started <Ago time={run.start_time} sentence />
        </span>
      </div>
      <dl className="mt-3 flex flex-wrap gap-x-9 gap-y-3">
        <Figure label="Duration" value={<Duration of={run} />} />
        {run.time_to_first_token_ms !== undefined && (
          <Figure
            label="First token"
            value={<span className="num">{formatDuration(run.time_to_first_token_ms)}</span>}
          />
        )}
        <Figure label="Tokens" value={<Tokens of={run} />} detail={<TokenDetail detail={detail} />} />
        <Figure
          label="Cost"
          value={<Cost usd={run.cost_usd} source={run.cost_source} />}
          detail={run.cost_usd !== undefined && run.cost_source ? COST_SOURCES[run.cost_source] : undefined}
        />
        <Figure
          label="Work"
          value={<span className="num">{plural(run.step_count, 'step')}</span>}
          detail={
            <>
              {plural(run.tool_call_count, 'tool call')}
              {run.error_count > 0 && <span className="text-error">, {run.error_count} failed</span>}
            </>
          }
        />
        {nested && (
          <Figure
            label="With nested runs"
            value={
              <span className="num">
                <Tokens of={detail.subtree} />
                {detail.subtree.cost_usd !== undefined && ` · ${formatCost(detail.subtree.cost_usd)}`}
              </span>
            }
            detail={`${plural(detail.subtree.run_count, 'run')} in all`}
          />
        )}
      </dl>
      <Links detail={detail} />
      {detail.feedback.map((feedback, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: feedback has no id
        <p key={index} className="mt-2.5 flex items-start gap-2 text-sm">
          {feedback.score === 'thumbs_down' ? (
            <ThumbsDown size={14} aria-label="Thumbs down" className="mt-0.5 shrink-0 text-error" />
          ) : feedback.score === 'thumbs_up' ? (
            <ThumbsUp size={14} aria-label="Thumbs up" className="mt-0.5 shrink-0 text-ok" />
          ) : null}
          <Text text={(feedback.text ?? '').slice(0, 2_000)} className="text-ink-2" />
          <span className="shrink-0 text-ink-3">
            <Ago time={feedback.time} />
          </span>
        </p>
      ))}
    </header>
  );
}

function Figure({ label, value, detail }: { label: string; value: ReactNode; detail?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="label">{label}</dt>
      <dd>
        <div className="text-lg font-medium tracking-[-0.01em]">{value}</div>
        {detail && <div className="text-xs text-ink-3">{detail}</div>}
      </dd>
    </div>
  );
}

/** Every kind of token the steps reported, never what they did not. */
function TokenDetail({ detail }: { detail: RunDetail }) {
  const { run } = detail;
  const uncached =
    run.prompt_tokens === undefined
      ? undefined
      : run.prompt_tokens - (run.cached_tokens ?? 0) - (run.cache_write_tokens ?? 0);
  const parts: [string, number | undefined][] = [
    ['uncached', uncached],
    ['cached', run.cached_tokens],
    ['written', run.cache_write_tokens],
    ['completion', run.completion_tokens],
    ['reasoning', run.reasoning_tokens],
  ];
  const known = parts.filter(([, count]) => count !== undefined);
  if (known.length === 0) return 'not reported';
  return (
    <span className="num flex flex-wrap gap-x-2.5">
      {known.map(([name, count]) => (
        <span key={name}>
          <span className="text-ink-2">{formatExact(count!)}</span> {name}
        </span>
      ))}
    </span>
  );
}

/** Where the run belongs; each leads to the others like it. */
function Links({ detail }: { detail: RunDetail }) {
  const { run } = detail;
  const hasAny =
    run.session_id ?? run.parent_run_id ?? run.user_id ?? run.environment ?? run.release ?? run.tags?.length;
  if (!hasAny) return null;
  return (
    <div className="mt-3.5 flex flex-wrap gap-1.5">
      {run.parent_run_id !== undefined && (
        <Link
          to="/runs/$runId"
          params={{ runId: run.parent_run_id }}
          search={run.parent_tool_call_id === undefined ? {} : { at: `tool:${run.parent_tool_call_id}` }}
          className={CHIP}
        >
          <CornerLeftUp size={12} aria-hidden className="text-run" />
          Parent run
        </Link>
      )}
      {run.session_id !== undefined && (
        <Link
          to="/sessions/$sessionId"
          params={{ sessionId: run.session_id }}
          search={{ run: run.run_id }}
          className={CHIP}
          title="The whole session"
        >
          <MessagesSquare size={12} aria-hidden className="shrink-0" />
          <Line text={run.session_id} />
        </Link>
      )}
      {run.user_id !== undefined && (
        <Link to="/" search={{ user_id: run.user_id }} className={CHIP} title="Runs of this user">
          <User size={12} aria-hidden className="shrink-0" />
          <Line text={run.user_id} />
        </Link>
      )}
      {run.environment !== undefined && (
        <Link
          to="/"
          search={{ environment: run.environment }}
          className={CHIP}
          title="Runs in this environment"
        >
          <Server size={12} aria-hidden className="shrink-0" />
          <Line text={run.environment} />
        </Link>
      )}
      {run.release !== undefined && (
        <Link to="/" search={{ release: run.release }} className={CHIP} title="Runs of this release">
          <Rocket size={12} aria-hidden className="shrink-0" />
          <Line text={run.release} />
        </Link>
      )}
      {run.tags?.slice(0, 40).map((tag) => (
        <Link key={tag} to="/" search={{ tag }} className={CHIP} title="Runs with this tag">
          <Tag size={12} aria-hidden className="shrink-0" />
          <Line text={tag} />
        </Link>
      ))}
    </div>
  );
}

const CHIP = 'chip h-6 max-w-64 transition-colors duration-(--quick) hover:border-line-strong hover:text-ink';
