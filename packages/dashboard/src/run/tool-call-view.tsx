import type { ToolCallBody } from '@observatory/collector/api';
import { ChevronRight, Wrench } from 'lucide-react';
import { Children, type ReactNode, useState } from 'react';
import { Line } from '../content/captured.js';
import { Payload } from '../content/payload.js';
import { CopyButton } from '../ui/copy-button.js';
import { Status } from '../ui/outcome.js';
import { Duration } from '../ui/times.js';
import { RunError } from './run-error.js';
import { spotId, useSelection } from './spot.js';

/** One tool call: a line that says what went in and what came out; open, both in full. */
export function ToolCallView({ call, children }: { call: ToolCallBody; children?: ReactNode }) {
  const { at, select } = useSelection();
  const spot = `tool:${call.tool_call_id}`;
  const failed = call.status_code === 2;
  const [toggled, setToggled] = useState<boolean>();
  const open = toggled ?? (at === spot || failed);
  const nested = Children.count(children) > 0;
  return (
    <div className="min-w-0">
      <article
        id={spotId(spot)}
        data-tool-call={call.tool_call_id}
        aria-label={`Tool call ${call.tool_name}`}
        className={`scroll-my-24 rounded-[10px] border bg-surface ${at === spot ? 'outline-2 outline-accent' : ''}`}
      >
        <button
          type="button"
          aria-expanded={open}
          onClick={() => {
            setToggled(!open);
            select(spot);
          }}
          className="flex h-9 w-full items-center gap-2 rounded-[9px] pr-3.5 pl-2.5 text-left text-sm transition-colors duration-(--quick) hover:bg-hover"
        >
          <ChevronRight
            size={13}
            aria-hidden
            className={`shrink-0 text-ink-3 transition-transform duration-(--quick) ${open ? 'rotate-90' : ''}`}
          />
          <Wrench size={13} aria-hidden className="shrink-0 text-tool" />
          <Line text={call.tool_name} className="max-w-[50%] shrink-0 font-mono font-medium" />
          {!open && (
            <span className="hidden min-w-0 flex-1 items-center gap-2 font-mono text-xs text-ink-3 sm:flex">
              <Line text={preview(call.args)} className="max-w-[50%]" />
              {call.result !== undefined && (
                <>
                  <span aria-hidden>→</span>
                  <Line text={preview(call.result)} />
                </>
              )}
            </span>
          )}
          <span className="ml-auto flex shrink-0 items-center gap-3 text-ink-3">
            {(call.outcome ?? 'ok') !== 'ok' || call.running || failed ? <Status of={call} /> : null}
            {call.kind !== undefined && call.kind !== 'function' && <Line text={call.kind} />}
            <Duration of={call} />
          </span>
        </button>
        {open && <ToolCallBodyView call={call} />}
      </article>
      {nested && <div className="mt-1.5 space-y-1.5 sm:ml-6">{children}</div>}
    </div>
  );
}

/** Arguments, result and error in full. */
export function ToolCallBodyView({ call }: { call: ToolCallBody }) {
  return (
    <div className="space-y-3 border-t px-3.5 py-3">
      <Part label="Arguments" text={call.args} />
      {call.status_code === 2 && <RunError of={call} />}
      {(call.result !== undefined || call.status_code !== 2) && (
        <Part label="Result" text={call.result} missing={call.running ? 'Not yet' : 'None'} />
      )}
    </div>
  );
}

function Part({
  label,
  text,
  missing = 'None',
}: {
  label: string;
  text: string | undefined;
  missing?: string;
}) {
  return (
    <div className="min-w-0">
      <div className="flex h-6 items-center justify-between">
        <p className="label">{label}</p>
        {text ? <CopyButton text={text} label={`Copy the ${label.toLowerCase()}`} /> : null}
      </div>
      {text ? <Payload text={text} /> : <p className="text-sm text-ink-3">{missing}</p>}
    </div>
  );
}

function preview(text: string | undefined): string {
  return (text ?? '').slice(0, 160).replace(/\s+/g, ' ');
}
