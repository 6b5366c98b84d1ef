import { Text } from '../content/captured.js';
import { TextBlock } from '../content/text-block.js';
import { type Ended, OUTCOMES, outcomeOf } from '../ui/outcome.js';

/** Why something did not end well: the outcome in words and the message, where the eye falls first. */
export function RunError({
  of,
  className = '',
}: {
  of: Ended & { status_message?: string };
  className?: string;
}) {
  const outcome = outcomeOf(of);
  if (outcome === undefined || outcome === 'ok') return null;
  const info = OUTCOMES[outcome];
  const Icon = info.icon;
  const look = {
    error: 'border-error-line bg-error-soft [&_svg]:text-error',
    warn: 'border-warn-line bg-warn-soft [&_svg]:text-warn',
    quiet: 'border-line bg-hover [&_svg]:text-ink-3',
    accent: 'border-accent-line bg-accent-soft [&_svg]:text-accent',
    ok: '',
  }[info.tone];
  return (
    <div className={`flex gap-2.5 rounded-lg border px-3.5 py-2.5 ${look} ${className}`}>
      <Icon size={15} aria-hidden className="mt-[2.5px] shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">
          {info.label}
          <span className="font-normal text-ink-2"> · {info.meaning}</span>
        </p>
        {of.status_message && (
          <div className="mt-1 text-sm text-ink-2">
            {of.status_message.length < 500 ? (
              <Text text={of.status_message} className="font-mono whitespace-pre-wrap" />
            ) : (
              <TextBlock text={of.status_message} mono />
            )}
          </div>
        )}
      </div>
    </div>
  );
}
