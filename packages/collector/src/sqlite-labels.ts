import { isObject } from './accept-fields.js';
import type { Merged } from './merge.js';
import type { RunState } from './run-state.js';
import { indexText } from './search-text.js';
import { namesOf } from './totals.js';

/** What a run can be filtered by besides its own columns, by `kind` and `value`. */
export type Labels = Map<string, { kind: string; value: string }>;

/** Longer values are texts, not labels: nobody picks them from a list. */
const MAX_LABEL_CHARACTERS = 200;
const MAX_LABELS = 200;

export function runLabels(state: RunState): Labels {
  const labels: Labels = new Map();
  const add = (kind: string, value: unknown) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return;
    const text = String(value);
    if (text.length > MAX_LABEL_CHARACTERS || labels.size >= MAX_LABELS) return;
    labels.set(`${kind}\u0000${text}`, { kind, value: text });
  };
  const { fields } = state.merged;
  for (const tag of (fields.tags as string[] | undefined) ?? []) add('tag', tag);
  for (const model of namesOf(state.totals.models)) add('model', model);
  for (const tool of namesOf(state.totals.toolNames)) add('tool', tool);
  if (isObject(fields.metadata)) {
    for (const [key, value] of Object.entries(fields.metadata)) {
      if (key.length <= MAX_LABEL_CHARACTERS) add(`metadata.${key}`, value);
    }
  }
  return labels;
}

/** Only texts held inline: those held by reference are indexed with their content, once. */
const searchText = (values: unknown[]): string =>
  indexText(values.filter((value) => typeof value === 'string' && value !== '').join('\n'));

export function runSearchText({ merged: { fields } }: RunState): string {
  const prompt = isObject(fields.prompt) ? fields.prompt : {};
  const metadata = isObject(fields.metadata) ? Object.values(fields.metadata) : [];
  return searchText([
    prompt.user_prompt,
    fields.response,
    fields.name,
    fields.status_message,
    prompt.system_prompt,
    prompt.full_input,
    fields.full_output,
    ...metadata,
  ]);
}

export const stepSearchText = ({ fields }: Merged): string =>
  searchText([fields.prompt, fields.response, fields.status_message]);

export const toolCallSearchText = ({ fields }: Merged): string =>
  searchText([fields.args, fields.result, fields.status_message]);
