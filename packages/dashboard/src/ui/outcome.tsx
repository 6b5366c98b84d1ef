import type { Outcome } from '@observatory/core/wire';
import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleSlash,
  TimerOff,
  Unlink,
} from 'lucide-react';
import type { ComponentType } from 'react';

export interface OutcomeInfo {
  label: string;
  /** What it means, for titles and the run page. */
  meaning: string;
  tone: 'ok' | 'error' | 'warn' | 'quiet' | 'accent';
  icon: ComponentType<{ size?: number; className?: string; 'aria-hidden'?: boolean }>;
}

export const OUTCOMES: Record<Outcome, OutcomeInfo> = {
  ok: { label: 'OK', meaning: 'Ended normally', tone: 'ok', icon: CircleCheck },
  error: { label: 'Error', meaning: 'Ended with an error', tone: 'error', icon: CircleAlert },
  cancelled: {
    label: 'Cancelled',
    meaning: 'The host or its user stopped it',
    tone: 'quiet',
    icon: CircleSlash,
  },
  interrupted: { label: 'Interrupted', meaning: 'It waits for a person', tone: 'accent', icon: CirclePause },
  incomplete: {
    label: 'Incomplete',
    meaning: 'It broke off by itself, as a truncated stream does',
    tone: 'warn',
    icon: CircleDashed,
  },
  timed_out: { label: 'Timed out', meaning: 'Its own timeout closed it', tone: 'warn', icon: TimerOff },
  abandoned: {
    label: 'Abandoned',
    meaning: 'Nobody ended it: its run ended or its process died first',
    tone: 'quiet',
    icon: Unlink,
  },
};

const TONES = {
  ok: 'text-ok',
  error: 'text-error',
  warn: 'text-warn',
  quiet: 'text-ink-3',
  accent: 'text-accent',
} as const;

/** What has a beginning and perhaps an end: runs, steps and tool calls. */
export interface Ended {
  running: boolean;
  outcome?: Outcome;
  status_code?: 0 | 2;
}

/** The outcome, or what the status code says when there is none; `undefined` while it is running. */
export function outcomeOf(it: Ended): Outcome | undefined {
  if (it.running) return undefined;
  return it.outcome ?? (it.status_code === 2 ? 'error' : 'ok');
}

/** Words and an icon, never colour alone. `quietOk` keeps a list calm where nearly all is well. */
export function Status({ of, iconOnly = false }: { of: Ended; iconOnly?: boolean }) {
  const outcome = outcomeOf(of);
  if (outcome === undefined) {
    return (
      <span
        className="inline-flex items-center gap-1.5 font-medium text-accent"
        title="Running: no end has arrived yet"
      >
        <span className="grid size-3.5 place-items-center">
          <span className="breathing size-2 rounded-full bg-accent" />
        </span>
        <span className={iconOnly ? 'sr-only' : ''}>Running</span>
      </span>
    );
  }
  const info = OUTCOMES[outcome];
  const Icon = info.icon;
  return (
    <span
      className={`inline-flex items-center gap-1.5 ${info.tone === 'ok' ? '' : 'font-medium'} ${TONES[info.tone]}`}
      title={info.meaning}
    >
      <Icon size={14} aria-hidden className="shrink-0" />
      <span className={iconOnly ? 'sr-only' : info.tone === 'ok' ? 'text-ink-3' : ''}>{info.label}</span>
    </span>
  );
}
