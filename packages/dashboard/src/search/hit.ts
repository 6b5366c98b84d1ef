import type { SearchHit } from '@observatory/collector/api';

/** Where a hit stands, in words. */
export const WHERE: Record<SearchHit['where'], string> = {
  prompt: 'Prompt',
  system_prompt: 'System prompt',
  response: 'Response',
  step: 'Step',
  tool_args: 'Tool arguments',
  tool_result: 'Tool result',
  error: 'Error',
  metadata: 'Metadata',
  name: 'Name',
};

/** The `at` of the run page that shows a hit: the step or tool call, else the part of the run. */
export function spotOf(hit: SearchHit): string {
  if (hit.tool_call_id !== undefined) return `tool:${hit.tool_call_id}`;
  if (hit.step_id !== undefined) return `step:${hit.step_id}`;
  return hit.where;
}

/** The words to highlight on the spot: what the collector matched. */
export function foundIn(hit: SearchHit): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the API marks matches with these two
  const match = /\u0002([^\u0002\u0003]{1,80})\u0003/.exec(hit.snippet);
  return match?.[1] ?? '';
}
