import type { RunDetail } from '@observatory/collector/api';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Line } from '../content/captured.js';
import { Markdown } from '../content/markdown.js';
import { TextBlock } from '../content/text-block.js';
import { Status } from '../ui/outcome.js';
import { Duration } from '../ui/times.js';
import { RunError } from './run-error.js';
import { StepView } from './step-view.js';
import { ToolCallBodyView } from './tool-call-view.js';
import { findSpot } from './transcript-model.js';

/** What the selected bar of the waterfall holds; the run itself when none is. */
export function SpotDetail({ detail, spot }: { detail: RunDetail; spot: string | undefined }) {
  const found = useMemo(() => (spot === undefined ? undefined : findSpot(detail, spot)), [detail, spot]);
  const entry = found?.entry;
  if (entry?.kind === 'step')
    return (
      <StepView
        step={entry.step}
        number={entry.number}
        context={entry.context}
        last={false}
        run={found!.run.run}
      />
    );
  if (entry?.kind === 'tool') {
    return (
      <article className="panel" aria-label={`Tool call ${entry.call.tool_name}`}>
        <div className="flex min-h-9 items-center gap-3 px-3.5 py-1.5 text-sm">
          <Line text={entry.call.tool_name} className="font-mono font-medium" />
          <span className="ml-auto flex items-center gap-3 text-ink-3">
            <Status of={entry.call} />
            <Duration of={entry.call} />
          </span>
        </div>
        <ToolCallBodyView call={entry.call} />
      </article>
    );
  }
  const run = entry?.kind === 'run' ? entry.detail.run : detail.run;
  return (
    <article className="panel space-y-3 px-3.5 py-3" aria-label="Run">
      <div className="flex items-center gap-3 text-sm">
        <Line text={run.name ?? 'Run'} className="font-medium" />
        <span className="ml-auto flex items-center gap-3 text-ink-3">
          <Status of={run} />
          <Duration of={run} />
        </span>
      </div>
      <RunError of={run} />
      <div>
        <p className="label mb-0.5">Prompt</p>
        {run.user_prompt ? (
          <TextBlock text={run.user_prompt} />
        ) : (
          <p className="text-ink-3">No prompt recorded</p>
        )}
      </div>
      <div>
        <p className="label mb-0.5">Response</p>
        {run.response ? (
          <Markdown text={run.response} />
        ) : (
          <p className="text-ink-3">{run.running ? 'Working…' : 'No response recorded'}</p>
        )}
      </div>
      {run !== detail.run && (
        <Link to="/runs/$runId" params={{ runId: run.run_id }} className="btn">
          Open the nested run
        </Link>
      )}
    </article>
  );
}
