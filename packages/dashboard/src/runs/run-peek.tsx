import type { RunRow } from '@observatory/collector/api';
import { Line, Text } from '../content/captured.js';
import { plainPreview } from '../content/plain-preview.js';
import { formatTime, plural } from '../format.js';
import { Status } from '../ui/outcome.js';
import { Duration } from '../ui/times.js';
import { Cost, Tokens } from '../ui/usage.js';

/** A row's previews, without leaving the list. */
export function RunPeek({ row }: { row: RunRow }) {
  return (
    <div className="text-sm">
      <div className="flex items-center gap-3 border-b px-4 py-2.5">
        <Status of={row} />
        <Line text={row.name ?? row.run_id} className="font-medium" />
        <span className="ml-auto text-ink-3">
          <Duration of={row} />
        </span>
      </div>
      <div className="space-y-3 px-4 py-3">
        {row.status_message && row.status_code === 2 && (
          <p className="text-error">
            <Text text={row.status_message.slice(0, 400)} />
          </p>
        )}
        <Part label="Prompt" text={row.prompt_preview} />
        <Part label="Response" text={row.response_preview && plainPreview(row.response_preview)} />
      </div>
      <div className="num flex flex-wrap gap-x-4 gap-y-1 border-t px-4 py-2.5 text-ink-3">
        <span>{plural(row.step_count, 'step')}</span>
        <span>{plural(row.tool_call_count, 'tool call')}</span>
        <span>
          <Tokens of={row} /> tokens
        </span>
        {row.cost_usd !== undefined && <Cost usd={row.cost_usd} source={row.cost_source} />}
        <span className="ml-auto">{formatTime(row.start_time)}</span>
      </div>
    </div>
  );
}

function Part({ label, text }: { label: string; text: string | undefined }) {
  return (
    <div>
      <p className="label mb-0.5">{label}</p>
      {text ? (
        <Text text={text} className="line-clamp-5 whitespace-pre-wrap" />
      ) : (
        <p className="text-ink-3">None yet</p>
      )}
    </div>
  );
}
