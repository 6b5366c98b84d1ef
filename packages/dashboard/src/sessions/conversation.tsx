import type { RunBody } from '@observatory/collector/api';
import { Fragment } from 'react';
import { Line, Text } from '../content/captured.js';
import { Markdown } from '../content/markdown.js';
import { TextBlock } from '../content/text-block.js';
import { formatClock, formatTime } from '../format.js';
import { RunError } from '../run/run-error.js';
import { TurnFacts } from './turn-facts.js';

export interface ThreadProps {
  runs: RunBody[];
  openRun: string | undefined;
  toggle(runId: string): void;
  selected: string | undefined;
}

/** Turns of one conversation: what the user said, what the agent answered, and under each answer what it took. */
export function Conversation({ runs, openRun, toggle, selected }: ThreadProps) {
  let system: string | undefined;
  let day = '';
  return (
    <ol aria-label="Conversation" className="mx-auto max-w-[860px] px-4 py-6 sm:px-6">
      {runs.map((run, index) => {
        const newSystem =
          run.system_prompt !== undefined && run.system_prompt !== system ? run.system_prompt : undefined;
        if (newSystem !== undefined) system = newSystem;
        const runDay = new Date(run.start_time).toDateString();
        const newDay = runDay !== day && index > 0;
        day = runDay;
        return (
          <Fragment key={run.run_id}>
            {newDay && (
              <li className="label my-6 flex items-center gap-3 before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
                {new Date(run.start_time).toLocaleDateString('en-GB', {
                  weekday: 'long',
                  day: 'numeric',
                  month: 'long',
                })}
              </li>
            )}
            <li
              id={`turn-${index}`}
              data-turn={run.run_id}
              className={`-mx-3 scroll-mt-24 scroll-mb-8 rounded-xl px-3 py-4 transition-colors duration-(--quick) ${selected === run.run_id ? 'bg-hover' : ''}`}
            >
              {newSystem !== undefined && <SystemPrompt text={newSystem} changed={index > 0} />}
              <UserTurn run={run} />
              <AgentTurn run={run} open={openRun === run.run_id} toggle={() => toggle(run.run_id)} />
            </li>
          </Fragment>
        );
      })}
    </ol>
  );
}

function UserTurn({ run }: { run: RunBody }) {
  return (
    <div className="flex flex-col items-end">
      <p className="label mb-1 pr-1" title={formatTime(run.start_time)}>
        <span className="sr-only">User, </span>
        {formatClock(run.start_time)}
      </p>
      <div className="max-w-[85%] min-w-0 rounded-2xl rounded-tr-md border bg-surface px-4 py-2.5 text-md shadow-[0_1px_2px_var(--shadow-1)] sm:max-w-[75%]">
        {run.user_prompt ? (
          <TextBlock text={run.user_prompt} />
        ) : (
          <span className="text-ink-3">No prompt recorded</span>
        )}
      </div>
    </div>
  );
}

function AgentTurn({ run, open, toggle }: { run: RunBody; open: boolean; toggle(): void }) {
  return (
    <div className="mt-4 min-w-0">
      <p className="label mb-1 flex">
        <Line text={run.name ?? 'Agent'} />
      </p>
      {run.response ? (
        <Markdown text={run.response} className="text-md" />
      ) : run.running ? (
        <p className="breathing text-md text-ink-3">Working…</p>
      ) : (
        run.status_code !== 2 && <p className="text-md text-ink-3">No response</p>
      )}
      {run.status_code === 2 && <RunError of={run} className="mt-3" />}
      <TurnFacts run={run} open={open} toggle={toggle} />
    </div>
  );
}

function SystemPrompt({ text, changed }: { text: string; changed: boolean }) {
  return (
    <details className="group mb-4 text-sm">
      <summary className="flex list-none items-center gap-2 rounded-lg border border-dashed border-line-strong px-3 py-2 text-ink-3 hover:text-ink-2">
        <span className="shrink-0 font-medium">{changed ? 'System prompt changed' : 'System prompt'}</span>
        <Text text={text.slice(0, 300).replace(/\s+/g, ' ')} className="truncate group-open:hidden" />
      </summary>
      <div className="px-3 py-3 text-ink-2">
        <TextBlock text={text} />
      </div>
    </details>
  );
}
