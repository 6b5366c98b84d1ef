import { Line } from '../content/captured.js';
import { Markdown } from '../content/markdown.js';
import { TextBlock } from '../content/text-block.js';
import { RunError } from '../run/run-error.js';
import { Ago } from '../ui/times.js';
import type { ThreadProps } from './conversation.js';
import { TurnFacts } from './turn-facts.js';

/** Runs that only share a session: each stands for itself, with its own prompt, response and outcome. */
export function TaskList({ runs, openRun, toggle, selected }: ThreadProps) {
  return (
    <ol aria-label="Tasks" className="mx-auto max-w-[980px] space-y-3 px-4 py-6 sm:px-6">
      {runs.map((run, index) => (
        <li
          key={run.run_id}
          id={`turn-${index}`}
          data-task={run.run_id}
          className={`panel scroll-mt-24 scroll-mb-8 px-4 py-3 ${selected === run.run_id ? 'outline-2 outline-accent' : ''}`}
        >
          <div className="flex items-center gap-2.5 text-sm text-ink-3">
            <span className="num">{index + 1}</span>
            {run.name !== undefined && <Line text={run.name} className="font-medium text-ink-2" />}
            <span className="ml-auto">
              <Ago time={run.start_time} />
            </span>
          </div>
          <div className="mt-2.5 grid gap-x-8 gap-y-3 md:grid-cols-2">
            <Side label="Prompt">
              {run.user_prompt ? (
                <TextBlock text={run.user_prompt} />
              ) : (
                <span className="text-ink-3">No prompt recorded</span>
              )}
            </Side>
            <Side label="Response">
              {run.response ? (
                <Markdown text={run.response} />
              ) : run.running ? (
                <span className="breathing text-ink-3">Working…</span>
              ) : (
                <span className="text-ink-3">No response</span>
              )}
              {run.status_code === 2 && <RunError of={run} className="mt-2" />}
            </Side>
          </div>
          <TurnFacts run={run} open={openRun === run.run_id} toggle={() => toggle(run.run_id)} />
        </li>
      ))}
    </ol>
  );
}

function Side({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <p className="label mb-1">{label}</p>
      {children}
    </div>
  );
}
