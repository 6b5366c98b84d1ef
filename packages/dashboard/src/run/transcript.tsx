import type { RunDetail } from '@observatory/collector/api';
import { Link } from '@tanstack/react-router';
import { ArrowUpRight, ChevronRight, CornerDownRight } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Line } from '../content/captured.js';
import { plural } from '../format.js';
import { Status } from '../ui/outcome.js';
import { Duration } from '../ui/times.js';
import { Cost } from '../ui/usage.js';
import { RunError } from './run-error.js';
import { spotId, useSelection } from './spot.js';
import { StepView } from './step-view.js';
import { ToolCallView } from './tool-call-view.js';
import { type Entry, entriesOf, groupsOf, overlap, spotsOf, type ToolEntry } from './transcript-model.js';

/** What happened, in order: each step with only what is new to the model, its tool calls, nested runs in place. */
export function Transcript({ detail }: { detail: RunDetail }) {
  const entries = useMemo(() => entriesOf(detail), [detail]);
  if (entries.length === 0) {
    return (
      <p className="py-2 text-ink-3">
        {detail.run.running
          ? 'No step has been recorded yet.'
          : 'This run recorded no steps and no tool calls.'}
      </p>
    );
  }
  return (
    <ol className="space-y-2">
      {groupsOf(entries).map((group) => (
        <li key={group[0]!.spot} className="min-w-0">
          {group[0]!.kind === 'tool' ? (
            <ToolGroup calls={group as ToolEntry[]} />
          ) : (
            <EntryView entry={group[0] as Exclude<Entry, ToolEntry>} parent={detail} />
          )}
        </li>
      ))}
    </ol>
  );
}

function EntryView({ entry, parent }: { entry: Exclude<Entry, ToolEntry>; parent: RunDetail }) {
  if (entry.kind === 'run') return <NestedRun detail={entry.detail} />;
  return (
    <StepView
      step={entry.step}
      number={entry.number}
      context={entry.context}
      last={parent.steps.at(-1) === entry.step}
      run={parent.run}
    />
  );
}

/** The tool calls that one step asked for, on one rail; says so when they ran side by side. */
function ToolGroup({ calls }: { calls: ToolEntry[] }) {
  const parallel = calls.length > 1 && overlap(calls);
  return (
    <div className="ml-4 space-y-1.5 border-l-2 border-tool-soft pl-2.5 sm:ml-5 sm:pl-3.5">
      {parallel && <p className="label pl-1">{calls.length} tool calls in parallel</p>}
      {calls.map(({ call, nested }) => (
        <ToolCallView key={call.tool_call_id} call={call}>
          {nested.map((one) => (
            <NestedRun key={one.run.run_id} detail={one} />
          ))}
        </ToolCallView>
      ))}
    </div>
  );
}

/** A nested agent: one line, open to its own transcript. */
export function NestedRun({ detail }: { detail: RunDetail }) {
  const { at } = useSelection();
  const { run } = detail;
  const spot = `run:${run.run_id}`;
  const holdsSelection = useMemo(
    () => at !== undefined && (at === spot || spotsOf(detail).includes(at)),
    [at, spot, detail],
  );
  const [toggled, setToggled] = useState<boolean>();
  const open = toggled ?? (holdsSelection || run.running || run.status_code === 2);
  return (
    <article
      id={spotId(spot)}
      aria-label={`Nested run ${run.name ?? ''}`}
      className={`scroll-my-24 rounded-[10px] border bg-canvas ${at === spot ? 'outline-2 outline-accent' : ''}`}
    >
      <div className="flex items-center gap-2 pr-2 text-sm">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setToggled(!open)}
          className="flex h-9 min-w-0 flex-1 items-center gap-2 rounded-[9px] pl-2.5 text-left"
        >
          <ChevronRight
            size={13}
            aria-hidden
            className={`shrink-0 text-ink-3 transition-transform duration-(--quick) ${open ? 'rotate-90' : ''}`}
          />
          <CornerDownRight size={14} aria-hidden className="shrink-0 text-run" />
          <Line text={run.name ?? 'Nested run'} className="max-w-[60%] shrink-0 font-medium" />
          <Line text={run.prompt_preview ?? ''} className="text-ink-3" />
        </button>
        <span className="flex shrink-0 items-center gap-3 text-ink-3">
          <Status of={run} iconOnly={run.outcome === 'ok'} />
          <span className="hidden sm:inline">{plural(run.step_count, 'step')}</span>
          <Cost usd={detail.subtree.cost_usd} source={run.cost_source} />
          <Duration of={run} />
          <Link
            to="/runs/$runId"
            params={{ runId: run.run_id }}
            className="btn btn-quiet btn-icon"
            aria-label="Open the nested run"
            title="Open the nested run"
          >
            <ArrowUpRight size={14} aria-hidden />
          </Link>
        </span>
      </div>
      {open && (
        <div className="border-t p-2.5 sm:p-3">
          {run.status_code === 2 && <RunError of={run} className="mb-2" />}
          <Transcript detail={detail} />
        </div>
      )}
    </article>
  );
}
