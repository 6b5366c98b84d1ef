import { OUTCOME_ORDER, type Outcome } from '@observatory/core/wire';

interface Amendable {
  start_time?: string;
  outcome?: Outcome;
  seq?: number;
}

/**
 * One item per id, by the wire's rule: per field the item with the highest `seq` wins, `start_time` comes from the lowest,
 * and the outcome is the strongest that any of them names. Items without `seq` count in order of arrival.
 */
export function fold<Item extends Amendable>(items: readonly Item[], idOf: (item: Item) => string): Item[] {
  const byId = new Map<string, Item[]>();
  for (const item of items) {
    const id = idOf(item);
    const same = byId.get(id);
    if (same) same.push(item);
    else byId.set(id, [item]);
  }
  return Array.from(byId.values(), (same) => {
    same.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    const folded: Item = Object.assign({}, ...same);
    const start = same.find(({ start_time }) => start_time !== undefined)?.start_time;
    if (start !== undefined) folded.start_time = start;
    for (const { outcome } of same) {
      if (outcome && rank(outcome) > rank(folded.outcome)) folded.outcome = outcome;
    }
    return folded;
  });
}

function rank(outcome: Outcome | undefined): number {
  return outcome === undefined ? -1 : OUTCOME_ORDER.indexOf(outcome);
}
