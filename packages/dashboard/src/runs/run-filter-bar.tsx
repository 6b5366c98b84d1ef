import { ChevronDown, X } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import {
  FILTER_LABELS,
  hasFilters,
  type RunSearch,
  TIME_RANGES,
  type TimeRange,
  VALUE_FILTERS,
} from '../api/run-filters.js';
import { Line } from '../content/captured.js';
import { formatCost, formatDuration, formatTime } from '../format.js';
import { OUTCOMES } from '../ui/outcome.js';
import { QueryField } from '../ui/query-field.js';
import { AddFilter } from './add-filter.js';

const STATUSES = [
  [undefined, 'All'],
  ['running', 'Running'],
  ['error', 'Failed'],
  ['ok', 'OK'],
] as const;

/** Full text, status, time and every other filter; each change is a new place in the history. */
export function RunFilterBar({
  search,
  onChange,
  busy,
}: {
  search: RunSearch;
  onChange(next: RunSearch, replace?: boolean): void;
  busy: boolean;
}) {
  const set = (change: Partial<Record<keyof RunSearch, unknown>>) => {
    const next = { ...search, ...change } as Record<string, unknown>;
    for (const [key, value] of Object.entries(next)) if (value === undefined) delete next[key];
    onChange(next as RunSearch);
  };
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-2 px-4 pb-3 sm:px-6">
      <QueryField q={search.q} label="Search in runs" busy={busy} onChange={(q) => set({ q })} />
      <fieldset className="flex rounded-lg border border-line-strong bg-surface p-0.5" aria-label="Status">
        {STATUSES.map(([value, label]) => (
          <button
            key={label}
            type="button"
            aria-pressed={search.status === value}
            onClick={() => set({ status: value })}
            className="h-[22px] rounded-[5px] px-1.5 text-sm sm:px-2 font-medium text-ink-3 transition-colors duration-(--quick) hover:text-ink aria-pressed:bg-active aria-pressed:text-ink"
          >
            {label}
          </button>
        ))}
      </fieldset>
      <TimeMenu search={search} set={set} />
      <AddFilter search={search} set={set} />
      <ActiveFilters search={search} set={set} />
      {hasFilters(search) && (
        <button type="button" className="btn btn-quiet" onClick={() => onChange({})}>
          Clear
        </button>
      )}
    </div>
  );
}

export type SetFilters = (change: Partial<Record<keyof RunSearch, unknown>>) => void;

function TimeMenu({ search, set }: { search: RunSearch; set: SetFilters }) {
  const label = search.range
    ? TIME_RANGES[search.range].label
    : search.from !== undefined || search.to !== undefined
      ? 'Custom time'
      : 'Any time';
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="btn">
        {label}
        <ChevronDown size={13} aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="pop min-w-44 p-1" sideOffset={6} align="start">
          <TimeItem onSelect={() => set({ range: undefined, from: undefined, to: undefined })}>
            Any time
          </TimeItem>
          {Object.entries(TIME_RANGES).map(([range, { label: name }]) => (
            <TimeItem
              key={range}
              onSelect={() => set({ range: range as TimeRange, from: undefined, to: undefined })}
            >
              {name}
            </TimeItem>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function TimeItem({ children, onSelect }: { children: string; onSelect(): void }) {
  return (
    <DropdownMenu.Item
      className="flex h-7 items-center rounded-md px-2.5 text-sm outline-none data-highlighted:bg-active"
      onSelect={onSelect}
    >
      {children}
    </DropdownMenu.Item>
  );
}

function ActiveFilters({ search, set }: { search: RunSearch; set: SetFilters }) {
  return (
    <>
      {VALUE_FILTERS.map((key) => {
        const values: readonly string[] | undefined = search[key];
        if (!values) return null;
        return (
          <Chip key={key} label={FILTER_LABELS[key]} onRemove={() => set({ [key]: undefined })}>
            {values
              .map((value) => (key === 'outcome' ? OUTCOMES[value as keyof typeof OUTCOMES].label : value))
              .join(' or ')}
          </Chip>
        );
      })}
      {Object.entries(search.metadata ?? {}).map(([key, values]) => (
        <Chip
          key={`metadata.${key}`}
          label={key}
          onRemove={() => {
            const { [key]: _, ...rest } = search.metadata!;
            set({ metadata: Object.keys(rest).length > 0 ? rest : undefined });
          }}
        >
          {values.join(' or ')}
        </Chip>
      ))}
      {search.from !== undefined && (
        <Chip label="From" onRemove={() => set({ from: undefined })}>
          {formatTime(search.from)}
        </Chip>
      )}
      {search.to !== undefined && (
        <Chip label="To" onRemove={() => set({ to: undefined })}>
          {formatTime(search.to)}
        </Chip>
      )}
      {search.min_duration_ms !== undefined && (
        <Chip
          label="Duration"
          onRemove={() => set({ min_duration_ms: undefined })}
        >{`≥ ${formatDuration(search.min_duration_ms)}`}</Chip>
      )}
      {search.min_cost !== undefined && (
        <Chip
          label="Cost"
          onRemove={() => set({ min_cost: undefined })}
        >{`≥ ${formatCost(search.min_cost)}`}</Chip>
      )}
    </>
  );
}

function Chip({ label, children, onRemove }: { label: string; children: string; onRemove(): void }) {
  return (
    <span className="flex h-7 max-w-72 items-center gap-1.5 rounded-[7px] border border-accent-line bg-accent-soft pl-2.5 text-sm">
      <span className="text-ink-2">
        <Line text={label} />
      </span>
      <Line text={children} className="font-medium" title />
      <button
        type="button"
        onClick={onRemove}
        aria-label={`Remove the ${label} filter`}
        className="grid size-6 shrink-0 place-items-center text-ink-2 hover:text-ink"
      >
        <X size={12} aria-hidden />
      </button>
    </span>
  );
}
