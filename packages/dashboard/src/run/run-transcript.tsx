import type { RunDetail } from '@observatory/collector/api';
import type { ReactNode } from 'react';
import { Markdown } from '../content/markdown.js';
import { TextBlock } from '../content/text-block.js';
import { CopyButton } from '../ui/copy-button.js';
import { RunError } from './run-error.js';
import { spotId, useSelection } from './spot.js';
import { Transcript } from './transcript.js';

/** The run read from top to bottom: prompt, what happened, response. */
export function RunTranscript({ detail }: { detail: RunDetail }) {
  const { run } = detail;
  const { at } = useSelection();
  return (
    <div className="mx-auto max-w-[940px] space-y-6 px-4 py-6 sm:px-6">
      <div id={spotId('error')} className="scroll-my-24 empty:hidden">
        <RunError of={run} />
      </div>
      {run.system_prompt !== undefined && (
        <details id={spotId('system_prompt')} className="group scroll-my-24" open={at === 'system_prompt'}>
          <summary className="label inline-flex list-none items-center gap-1.5 hover:text-ink">
            System prompt <span className="font-normal text-accent group-open:hidden">show</span>
            <span className="hidden font-normal text-accent group-open:inline">hide</span>
          </summary>
          <div className="mt-1.5 rounded-[10px] border border-dashed border-line-strong px-4 py-3 text-ink-2">
            <TextBlock text={run.system_prompt} />
          </div>
        </details>
      )}
      <Part spot="prompt" label="Prompt" copy={run.user_prompt}>
        {run.user_prompt ? (
          <TextBlock text={run.user_prompt} />
        ) : (
          <p className="text-ink-3">No prompt recorded</p>
        )}
      </Part>
      <section aria-label="What happened">
        <Transcript detail={detail} />
      </section>
      <Part spot="response" label="Response" copy={run.response}>
        {run.response ? (
          <Markdown text={run.response} />
        ) : run.running ? (
          <p className="breathing text-ink-3">Working…</p>
        ) : (
          <p className="text-ink-3">No response recorded</p>
        )}
      </Part>
    </div>
  );
}

function Part({
  spot,
  label,
  copy,
  children,
}: {
  spot: string;
  label: string;
  copy: string | undefined;
  children: ReactNode;
}) {
  return (
    <section id={spotId(spot)} aria-label={label} className="scroll-my-24">
      <div className="mb-1.5 flex h-6 items-center justify-between">
        <h2 className="label">{label}</h2>
        {copy ? <CopyButton text={copy} label={`Copy the ${label.toLowerCase()}`} /> : null}
      </div>
      <div className="panel px-4 py-3 text-md">{children}</div>
    </section>
  );
}
