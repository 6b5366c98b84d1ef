import type { Facets, FacetValue } from '@observatory/collector/api';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronLeft, ChevronRight, ListFilter } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import { facetsQuery } from '../api/queries.js';
import { FILTER_LABELS, type RunSearch, type ValueFilter } from '../api/run-filters.js';
import { Line } from '../content/captured.js';
import { formatCount } from '../format.js';
import { useShortcuts } from '../shell/shortcuts.js';
import { OUTCOMES } from '../ui/outcome.js';
import type { SetFilters } from './run-filter-bar.js';

type Facet = keyof Facets & ValueFilter;
const FACETS: Facet[] = ['outcome', 'name', 'model', 'tool', 'tag', 'user_id', 'environment', 'release'];
const DURATIONS: [number, string][] = [
  [1_000, '1 s'],
  [5_000, '5 s'],
  [30_000, '30 s'],
  [120_000, '2 min'],
];
const COSTS: [number, string][] = [
  [0.001, '$0.001'],
  [0.01, '$0.01'],
  [0.1, '$0.10'],
  [1, '$1'],
];

/** Two short lists: what to filter by, then its most frequent values. */
export function AddFilter({ search, set }: { search: RunSearch; set: SetFilters }) {
  const [open, setOpen] = useState(false);
  const [facet, setFacet] = useState<Facet | 'duration' | 'cost'>();
  const facets = useQuery({ ...facetsQuery, enabled: open }).data;
  useShortcuts({
    f: () => {
      setFacet(undefined);
      setOpen(true);
    },
  });
  return (
    <Popover.Root
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        setFacet(undefined);
      }}
    >
      <Popover.Trigger className="btn" title="Add a filter (f)">
        <ListFilter size={14} aria-hidden />
        Filter
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="pop w-72 p-1"
          sideOffset={6}
          align="start"
          collisionPadding={12}
          data-own-keys
          aria-label="Add a filter"
        >
          {facet === undefined ? (
            <FacetList facets={facets} search={search} onPick={setFacet} />
          ) : (
            <>
              <button
                type="button"
                className="label flex h-7 w-full items-center gap-1 rounded-md px-1.5 hover:bg-active"
                onClick={() => setFacet(undefined)}
              >
                <ChevronLeft size={13} aria-hidden />
                {facet === 'duration'
                  ? 'Took at least'
                  : facet === 'cost'
                    ? 'Cost at least'
                    : FILTER_LABELS[facet]}
              </button>
              {facet === 'duration' || facet === 'cost' ? (
                <Thresholds
                  values={facet === 'duration' ? DURATIONS : COSTS}
                  current={facet === 'duration' ? search.min_duration_ms : search.min_cost}
                  onPick={(value) => {
                    set({ [facet === 'duration' ? 'min_duration_ms' : 'min_cost']: value });
                    setOpen(false);
                  }}
                />
              ) : (
                <FacetValues
                  key={facet}
                  facet={facet}
                  values={facets?.[facet] ?? []}
                  chosen={(search[facet] as string[] | undefined) ?? []}
                  onChange={(values) => set({ [facet]: values.length > 0 ? values : undefined })}
                />
              )}
            </>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

const ITEM =
  'flex h-7 w-full items-center gap-2 rounded-md px-2 text-left text-sm hover:bg-active focus-visible:bg-active focus-visible:outline-none';

function FacetList({
  facets,
  search,
  onPick,
}: {
  facets: Facets | undefined;
  search: RunSearch;
  onPick(facet: Facet | 'duration' | 'cost'): void;
}) {
  return (
    <>
      {FACETS.map((facet) => (
        <button
          key={facet}
          type="button"
          className={ITEM}
          onClick={() => onPick(facet)}
          disabled={facets !== undefined && facets[facet].length === 0}
        >
          <span className={facets !== undefined && facets[facet].length === 0 ? 'text-ink-3' : ''}>
            {FILTER_LABELS[facet]}
          </span>
          {search[facet] && <span className="size-1.5 rounded-full bg-accent" />}
          <span className="num ml-auto text-xs text-ink-3">
            {facets ? facets[facet].length || 'none' : ''}
          </span>
          <ChevronRight size={13} aria-hidden className="text-ink-3" />
        </button>
      ))}
      <div className="my-1 border-t" />
      {(['duration', 'cost'] as const).map((facet) => (
        <button key={facet} type="button" className={ITEM} onClick={() => onPick(facet)}>
          {facet === 'duration' ? 'Took at least' : 'Cost at least'}
          <ChevronRight size={13} aria-hidden className="ml-auto text-ink-3" />
        </button>
      ))}
    </>
  );
}

function FacetValues({
  facet,
  values,
  chosen,
  onChange,
}: {
  facet: Facet;
  values: FacetValue[];
  chosen: string[];
  onChange(values: string[]): void;
}) {
  const [text, setText] = useState('');
  const shown = values.filter(({ value }) => value.toLowerCase().includes(text.toLowerCase())).slice(0, 100);
  return (
    <>
      <input
        // biome-ignore lint/a11y/noAutofocus: the person just opened this list to type or pick
        autoFocus
        type="search"
        aria-label={`Find a ${FILTER_LABELS[facet].toLowerCase()}`}
        placeholder="Find…"
        className="mb-1 h-8 w-full border-b bg-transparent px-2 text-sm outline-none"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="max-h-72 overflow-y-auto">
        {shown.map(({ value, count }) => {
          const on = chosen.includes(value);
          return (
            <button
              key={value}
              type="button"
              className={ITEM}
              aria-pressed={on}
              onClick={() => onChange(on ? chosen.filter((v) => v !== value) : [...chosen, value])}
            >
              <span
                className={`grid size-3.5 shrink-0 place-items-center rounded-[4px] border ${on ? 'border-accent bg-accent text-accent-ink' : 'border-line-strong'}`}
              >
                {on && <Check size={10} strokeWidth={3} aria-hidden />}
              </span>
              <Line
                text={
                  facet === 'outcome' ? (OUTCOMES[value as keyof typeof OUTCOMES]?.label ?? value) : value
                }
                title
              />
              <span className="num ml-auto shrink-0 text-xs text-ink-3">{formatCount(count)}</span>
            </button>
          );
        })}
        {shown.length === 0 && <p className="px-2 py-3 text-sm text-ink-3">Nothing matches</p>}
      </div>
    </>
  );
}

function Thresholds({
  values,
  current,
  onPick,
}: {
  values: [number, string][];
  current: number | undefined;
  onPick(value: number): void;
}) {
  return values.map(([value, label]) => (
    <button
      key={value}
      type="button"
      className={ITEM}
      aria-pressed={current === value}
      onClick={() => onPick(value)}
    >
      ≥ {label}
      {current === value && <Check size={13} aria-hidden className="ml-auto text-accent" />}
    </button>
  ));
}
