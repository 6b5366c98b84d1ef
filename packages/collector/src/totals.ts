import type { CostSource, TokenTotals } from './api.js';
import type { Fields, Merged } from './merge.js';
import { endedOutcome, isFailure } from './outcome.js';
import { listPrice } from './prices.js';
import type { Micros } from './time.js';

/**
 * What one step or tool call adds to its run. Whole numbers only, so that sums do not depend on the order. It is stored with the
 * step, so that exactly what was added can be taken away, also after the price list has changed.
 */
export interface Share {
  steps: number;
  tools: number;
  errors: number;
  tokens: { [name in keyof TokenTotals]?: number };
  /** Billionths of a dollar. */
  cost?: number;
  source?: 'client' | 'price_list';
  /** It cost something that nobody knows. */
  unpriced: boolean;
  model?: string;
  tool?: string;
}

/** A run's sums over its own steps and tool calls. Kept by adding and taking away shares, never by reading them all again. */
export interface Totals {
  steps: number;
  tools: number;
  errors: number;
  /** Sum and number of steps that reported it: unknown is absent, never 0. */
  tokens: { [name in keyof TokenTotals]?: [sum: number, count: number] };
  cost: number;
  fromClient: number;
  fromList: number;
  unpriced: number;
  models: [string, number][];
  toolNames: [string, number][];
}

/** A run that names thousands of models is not one that anybody filters by them. */
const MAX_NAMES = 500;
const NANO = 1e9;

export const emptyTotals = (): Totals => ({
  steps: 0,
  tools: 0,
  errors: 0,
  tokens: {},
  cost: 0,
  fromClient: 0,
  fromList: 0,
  unpriced: 0,
  models: [],
  toolNames: [],
});

interface StepCost {
  /** Billionths of a dollar. */
  nano: number;
  source: 'client' | 'price_list';
}

export const modelOf = (fields: Fields): string | undefined =>
  (fields.model_used ?? fields.model_requested) as string | undefined;

/** The client knows best; else the price list, by what the step used at the time. */
function costOf(fields: Fields): StepCost | undefined {
  if (typeof fields.real_total_cost === 'number') {
    return { nano: Math.round(fields.real_total_cost * NANO), source: 'client' };
  }
  const model = modelOf(fields);
  if (model === undefined || !hasUsage(fields)) return undefined;
  const usd = listPrice({ ...fields, model, at: (fields.start_us as Micros | undefined) ?? 0 });
  return usd === undefined ? undefined : { nano: Math.round(usd * NANO), source: 'price_list' };
}

const hasUsage = (fields: Fields): boolean =>
  fields.prompt_uncached_tokens !== undefined ||
  fields.prompt_cached_tokens !== undefined ||
  fields.cache_write_tokens !== undefined ||
  fields.completion_tokens !== undefined;

export function stepTokens(fields: Fields): Share['tokens'] {
  const number = (name: string) => fields[name] as number | undefined;
  const [uncached, cached, written] = [
    number('prompt_uncached_tokens'),
    number('prompt_cached_tokens'),
    number('cache_write_tokens'),
  ];
  const tokens: Share['tokens'] = {};
  if (uncached !== undefined || cached !== undefined || written !== undefined) {
    tokens.prompt_tokens = (uncached ?? 0) + (cached ?? 0) + (written ?? 0);
  }
  if (cached !== undefined) tokens.cached_tokens = cached;
  if (written !== undefined) tokens.cache_write_tokens = written;
  const completion = number('completion_tokens');
  if (completion !== undefined) tokens.completion_tokens = completion;
  const reasoning = number('reasoning_tokens');
  if (reasoning !== undefined) tokens.reasoning_tokens = reasoning;
  return tokens;
}

export function stepShare(merged: Merged): Share {
  const { fields } = merged;
  const cost = costOf(fields);
  const outcome = endedOutcome(merged);
  const model = modelOf(fields);
  return {
    steps: 1,
    tools: 0,
    errors: isFailure(outcome) ? 1 : 0,
    tokens: stepTokens(fields),
    ...(cost && { cost: cost.nano, source: cost.source }),
    // A call that failed without reporting usage most likely cost nothing; one that answered did.
    unpriced: !cost && (hasUsage(fields) || (outcome === 'ok' && model !== undefined)),
    ...(model !== undefined && { model }),
  };
}

export function toolCallShare(merged: Merged): Share {
  const tool = merged.fields.tool_name as string | undefined;
  return {
    steps: 0,
    tools: 1,
    errors: isFailure(endedOutcome(merged)) ? 1 : 0,
    tokens: {},
    unpriced: false,
    ...(tool !== undefined && { tool }),
  };
}

/** Adds a share, or takes one away (`sign` -1) that an amended item no longer has. */
export function addShare(totals: Totals, share: Share, sign: 1 | -1): void {
  totals.steps += sign * share.steps;
  totals.tools += sign * share.tools;
  totals.errors += sign * share.errors;
  for (const [name, value] of Object.entries(share.tokens) as [keyof TokenTotals, number][]) {
    const sum = totals.tokens[name] ?? [0, 0];
    sum[0] += sign * value;
    sum[1] += sign;
    totals.tokens[name] = sum;
  }
  if (share.cost !== undefined) {
    totals.cost += sign * share.cost;
    if (share.source === 'client') totals.fromClient += sign;
    else totals.fromList += sign;
  }
  if (share.unpriced) totals.unpriced += sign;
  if (share.model !== undefined) countName(totals.models, share.model, sign);
  if (share.tool !== undefined) countName(totals.toolNames, share.tool, sign);
}

function countName(names: [string, number][], name: string, sign: 1 | -1): void {
  const at = names.findIndex((entry) => entry[0] === name);
  if (at < 0) {
    if (sign > 0 && names.length < MAX_NAMES) names.push([name, 1]);
    return;
  }
  names[at]![1] += sign;
  if (names[at]![1] <= 0) names.splice(at, 1);
}

export function tokenTotals(totals: Totals): TokenTotals {
  const result: TokenTotals = {};
  for (const [name, [sum, count]] of Object.entries(totals.tokens) as [
    keyof TokenTotals,
    [number, number],
  ][]) {
    if (count > 0) result[name] = sum;
  }
  return result;
}

export function costTotal(totals: Totals): { cost_usd?: number; cost_source?: CostSource } {
  const priced = totals.fromClient + totals.fromList;
  if (priced === 0) return {};
  return {
    cost_usd: totals.cost / NANO,
    cost_source: totals.unpriced > 0 ? 'partial' : totals.fromList === 0 ? 'client' : 'price_list',
  };
}

/** The names in an order that does not depend on arrival. */
export const namesOf = (names: [string, number][]): string[] => names.map(([name]) => name).sort();
