import type { RunBody, StepBody } from '@observatory/collector/api';
import type { Message } from '@observatory/core/wire';
import { Sparkle } from 'lucide-react';
import { useState } from 'react';
import { Line } from '../content/captured.js';
import { useFind } from '../content/find.js';
import { TextBlock } from '../content/text-block.js';
import { formatCount, formatDuration, formatExact, plural } from '../format.js';
import { Status } from '../ui/outcome.js';
import { Duration } from '../ui/times.js';
import { Cost } from '../ui/usage.js';
import { MessageContent, MessageView } from './message-view.js';
import { RunError } from './run-error.js';
import { spotId, useSelection } from './spot.js';
import { outputOf, partsOf, type StepContext, textOf } from './transcript-model.js';

/** New messages of one step shown at once; a step that sends hundreds shows them on demand. */
const FRESH_SHOWN = 12;

/** One model call: what was new in its context, what it answered, what it took. */
export function StepView({
  step,
  number,
  context,
  last,
  run,
}: {
  step: StepBody;
  number: number;
  context: StepContext;
  last: boolean;
  run: RunBody;
}) {
  const { at, select } = useSelection();
  const spot = `step:${step.step_id}`;
  const output = outputOf(step);
  // A message that only asks for tools says nothing: its tool calls follow.
  const said = output.filter((message) => partsOf(message).length > 0);
  const text = output.map(textOf).join('');
  // The last step usually says what the run answered, which stands on the page already.
  // Not when a search led to this very text.
  const find = useFind();
  const repeats = last && text !== '' && text === run.response && !(at === spot && find !== '');
  return (
    <article
      id={spotId(spot)}
      data-step={step.step_id}
      aria-label={`Step ${number}`}
      className={`scroll-my-24 rounded-[10px] border bg-surface ${at === spot ? 'outline-2 outline-accent' : ''}`}
    >
      <StepHead step={step} number={number} onSelect={() => select(spot)} />
      <div className="space-y-3 px-3.5 pb-3 empty:hidden">
        <Context step={step} context={context} lookedFor={at === spot ? find : ''} />
        {step.status_code === 2 && <RunError of={step} />}
        {repeats ? (
          <p className="text-sm text-ink-3">Answered with the run’s response.</p>
        ) : (
          said.map((message, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the messages of one output have no other name
            <div key={index} className="min-w-0">
              <MessageContent message={message} />
            </div>
          ))
        )}
        {step.running && said.length === 0 && <p className="breathing text-ink-3">Waiting for the model…</p>}
      </div>
    </article>
  );
}

function StepHead({ step, number, onSelect }: { step: StepBody; number: number; onSelect(): void }) {
  const kind =
    typeof step.metadata?.kind === 'string' && step.metadata.kind !== 'chat' ? step.metadata.kind : undefined;
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-0.5 px-3.5 py-1.5 text-sm">
      <button type="button" onClick={onSelect} className="flex min-w-0 items-center gap-2 font-medium">
        <Sparkle size={13} aria-hidden className="shrink-0 fill-current text-step" />
        <span className="num shrink-0">Step {number}</span>
        <Line text={step.model_used ?? step.model_requested ?? ''} className="font-normal text-ink-2" />
      </button>
      {kind !== undefined && (
        <span className="chip">
          <Line text={kind} />
        </span>
      )}
      <span className="num ml-auto flex flex-wrap items-center gap-x-3 text-ink-3">
        {step.outcome !== 'ok' && <Status of={step} />}
        <StepTokens step={step} />
        {step.time_to_first_token_ms !== undefined && (
          <span title="Time to first token">first token {formatDuration(step.time_to_first_token_ms)}</span>
        )}
        {step.cost_usd !== undefined && <Cost usd={step.cost_usd} source={step.cost_source} />}
        <Duration of={step} />
      </span>
    </div>
  );
}

export function promptTokens(step: StepBody): number | undefined {
  const parts = [step.prompt_uncached_tokens, step.prompt_cached_tokens, step.cache_write_tokens].filter(
    (n) => n !== undefined,
  );
  return parts.length === 0 ? undefined : parts.reduce((sum, n) => sum + n, 0);
}

function StepTokens({ step }: { step: StepBody }) {
  const prompt = promptTokens(step);
  if (prompt === undefined && step.completion_tokens === undefined) return null;
  const cached =
    prompt && step.prompt_cached_tokens ? Math.round((step.prompt_cached_tokens / prompt) * 100) : 0;
  const title = [
    step.prompt_uncached_tokens !== undefined && `${formatExact(step.prompt_uncached_tokens)} uncached`,
    step.prompt_cached_tokens !== undefined && `${formatExact(step.prompt_cached_tokens)} cached`,
    step.cache_write_tokens !== undefined && `${formatExact(step.cache_write_tokens)} written to the cache`,
    step.completion_tokens !== undefined && `${formatExact(step.completion_tokens)} completion`,
    step.reasoning_tokens !== undefined && `${formatExact(step.reasoning_tokens)} of it reasoning`,
  ];
  return (
    <span title={title.filter(Boolean).join(', ')}>
      {prompt === undefined ? '?' : formatCount(prompt)}
      {cached > 0 && ` (${cached}% cached)`} →{' '}
      {step.completion_tokens === undefined ? '?' : formatCount(step.completion_tokens)} tokens
    </span>
  );
}

/** What the model was sent: only what no earlier step was sent, the rest on demand. */
function Context({
  step,
  context,
  lookedFor,
}: {
  step: StepBody;
  context: StepContext;
  /** Words a search led to this step with: messages that hold them are not left out. */
  lookedFor: string;
}) {
  const [whole, setWhole] = useState(
    () => lookedFor !== '' && holds(step.messages, lookedFor) && !holds(context.fresh, lookedFor),
  );
  if (context.sent === 0) {
    if (!context.freshPrompt) return null;
    const { text, unchangedChars } = context.freshPrompt;
    return (
      <div className="border-l-2 border-line pl-3.5">
        <p className="label mb-0.5">
          Prompt{unchangedChars > 0 && `, after ${formatExact(unchangedChars)} unchanged characters`}
        </p>
        <TextBlock text={text} />
      </div>
    );
  }
  const facts = [
    `${plural(context.sent, 'message')}`,
    context.unchanged > 0 && `${context.unchanged} unchanged`,
    context.earlier > 0 && `${context.earlier} from earlier turns`,
    context.above > 0 && `${context.above} shown above`,
  ].filter(Boolean);
  return (
    <div className="space-y-3">
      <button
        type="button"
        className="num flex items-center gap-1 text-sm text-ink-3 hover:text-ink"
        aria-expanded={whole}
        onClick={() => setWhole(!whole)}
      >
        Context sent: {facts.join(', ')}
        <span className="text-accent">
          {whole ? 'show less' : Math.min(context.fresh.length, FRESH_SHOWN) < context.sent ? 'show all' : ''}
        </span>
      </button>
      {(whole ? (step.messages ?? []) : context.fresh.slice(0, FRESH_SHOWN)).map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages may repeat word for word
        <MessageView key={index} message={message} />
      ))}
    </div>
  );
}

function holds(messages: readonly Message[] | undefined, words: string): boolean {
  const wanted = words.toLowerCase();
  return (messages ?? []).some((message) => JSON.stringify(message).toLowerCase().includes(wanted));
}
