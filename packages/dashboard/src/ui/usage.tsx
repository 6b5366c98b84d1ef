import type { CostSource, TokenTotals } from '@observatory/collector/api';
import { formatCost, formatCount, formatExact } from '../format.js';

export const COST_SOURCES: Record<CostSource, string> = {
  client: 'reported by the client',
  price_list: 'from the price list',
  partial: 'partial: not every step has a known price',
};

/** Prompt plus completion tokens; `–` when no step reported usage. */
export function Tokens({ of }: { of: TokenTotals }) {
  const total = totalTokens(of);
  if (total === undefined) return <span className="text-ink-3">–</span>;
  return (
    <span className="num" title={describeTokens(of)}>
      {formatCount(total)}
    </span>
  );
}

export function totalTokens(of: TokenTotals): number | undefined {
  if (of.prompt_tokens === undefined && of.completion_tokens === undefined) return undefined;
  return (of.prompt_tokens ?? 0) + (of.completion_tokens ?? 0);
}

function describeTokens(of: TokenTotals): string {
  const parts: string[] = [];
  if (of.prompt_tokens !== undefined) parts.push(`${formatExact(of.prompt_tokens)} prompt`);
  if (of.cached_tokens) parts.push(`${formatExact(of.cached_tokens)} of it cached`);
  if (of.completion_tokens !== undefined) parts.push(`${formatExact(of.completion_tokens)} completion`);
  if (of.reasoning_tokens) parts.push(`${formatExact(of.reasoning_tokens)} of it reasoning`);
  return parts.join(', ');
}

/** A cost with where it comes from; `–` when no step's price is known. */
export function Cost({ usd, source }: { usd: number | undefined; source?: CostSource | undefined }) {
  if (usd === undefined) return <span className="text-ink-3">–</span>;
  return (
    <span className="num" title={source && `Cost ${COST_SOURCES[source]}`}>
      {source === 'partial' ? '≥ ' : ''}
      {formatCost(usd)}
    </span>
  );
}
