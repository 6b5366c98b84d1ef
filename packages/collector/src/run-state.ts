import type { Outcome } from '@observatory/core/wire';
import { isObject } from './accept-fields.js';
import type { RunRow } from './api.js';
import { PREVIEW_CHARACTERS, preview } from './content.js';
import { emptyMerged, type Merged } from './merge.js';
import { endedOutcome, statusOf } from './outcome.js';
import { durationMs, formatTime, type Micros } from './time.js';
import { costTotal, emptyTotals, namesOf, type Totals, tokenTotals } from './totals.js';

/** All that is known of a run but its steps and tool calls. */
export interface RunState {
  merged: Merged;
  totals: Totals;
  /** What made the run known: feedback only, a child or a nested run, its own item. */
  known: 'feedback' | 'child' | 'run';
  /** When its first and last items arrived. */
  firstSeen: Micros;
  lastSeen: Micros;
  /** The earliest and latest time that any of its items names. */
  earliest?: Micros;
  latest?: Micros;
  /** When the first token of any step came. */
  firstToken?: Micros;
  /** Set by the collector when nothing was heard of an open run for too long; any later item clears it. */
  abandonedAt?: Micros;
  feedback?: 'thumbs_up' | 'thumbs_down';
}

/** A row is for a list; the run itself has all its tags. */
const MAX_ROW_TAGS = 50;

export const newRunState = (receivedAt: Micros): RunState => ({
  merged: emptyMerged(),
  totals: emptyTotals(),
  known: 'feedback',
  firstSeen: receivedAt,
  lastSeen: receivedAt,
});

export interface RunEnd {
  outcome?: Outcome;
  end?: Micros;
  running: boolean;
}

/** A real end first, else what the collector inferred; a run that has neither is running. */
export function runEnd(state: RunState): RunEnd {
  const outcome = endedOutcome(state.merged);
  const end = state.merged.fields.end_us as Micros | undefined;
  if (outcome !== undefined) return { outcome, end: end ?? state.latest ?? state.lastSeen, running: false };
  if (state.abandonedAt !== undefined)
    return { outcome: 'abandoned', end: state.abandonedAt, running: false };
  return { running: true };
}

export const runStart = (state: RunState): Micros =>
  (state.merged.fields.start_us as Micros | undefined) ?? state.earliest ?? state.firstSeen;

/**
 * When a run that nobody ended was last alive: when its last item arrived, or, for one that was sent long after it happened (an
 * import), the last time its items name.
 */
export function lastAlive(state: RunState, liveWithinMicros: Micros): Micros {
  const sentLive = Math.abs(state.firstSeen - runStart(state)) < liveWithinMicros;
  return Math.max(runStart(state), sentLive ? state.lastSeen : (state.latest ?? state.lastSeen));
}

export function runRow(runId: string, state: RunState): RunRow {
  const { fields } = state.merged;
  const { outcome, end, running } = runEnd(state);
  const start = runStart(state);
  const text = (name: string) => (typeof fields[name] === 'string' ? (fields[name] as string) : undefined);
  const row: RunRow = {
    run_id: runId,
    start_time: formatTime(start),
    running,
    step_count: state.totals.steps,
    tool_call_count: state.totals.tools,
    error_count: state.totals.errors,
    ...tokenTotals(state.totals),
    ...costTotal(state.totals),
  };
  const set = <Name extends keyof RunRow>(name: Name, value: RunRow[Name] | undefined) => {
    if (value !== undefined) row[name] = value;
  };
  set('session_id', text('session_id'));
  set('conversational', fields.conversational as boolean | undefined);
  set('name', previewOf(fields.name));
  set('user_id', text('user_id'));
  set('tags', (fields.tags as string[] | undefined)?.slice(0, MAX_ROW_TAGS).map(preview));
  if (end !== undefined) {
    row.end_time = formatTime(end);
    row.duration_ms = durationMs(start, end);
  }
  if (outcome !== undefined) {
    row.outcome = outcome;
    row.status_code = statusOf(outcome);
  }
  set('status_message', previewOf(fields.status_message));
  set('prompt_preview', previewOf(isObject(fields.prompt) ? fields.prompt.user_prompt : undefined));
  set('response_preview', previewOf(fields.response));
  const models = namesOf(state.totals.models);
  if (models.length > 0) row.models = models;
  if (state.firstToken !== undefined) row.time_to_first_token_ms = durationMs(start, state.firstToken);
  set('parent_run_id', text('parent_run_id'));
  set('parent_tool_call_id', text('parent_tool_call_id'));
  set('environment', previewOf(fields.environment));
  set('release', previewOf(fields.release));
  set('feedback_score', state.feedback);
  return row;
}

/** Of a text held inline or by reference. */
export function previewOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : preview(value);
  if (isObject(value) && typeof value.preview === 'string') return value.preview.slice(0, PREVIEW_CHARACTERS);
  return undefined;
}
