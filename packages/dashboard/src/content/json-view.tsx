import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight, Search } from 'lucide-react';
import { memo, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { formatBytes, formatExact } from '../format.js';
import { CopyButton } from '../ui/copy-button.js';
import { useFind } from './find.js';
import { findInJson, type JsonLine, type JsonValue, jsonLines } from './json-tree.js';
import { TextBlock } from './text-block.js';
import { visibleText } from './visible-text.js';

/** Beyond this many lines only those on screen are in the page. */
const VIRTUAL_FROM = 150;
const LINE = 20;
const STRING_CHARS = 240;
const FOUND_MAX = 500;

/** A collapsible, searchable JSON tree that takes megabytes. `tools` adds the search field and the copy button. */
export function JsonView({
  value,
  startOpen = 1,
  tools = false,
}: {
  value: JsonValue;
  startOpen?: number;
  tools?: boolean;
}) {
  const [open, setOpen] = useState<ReadonlyMap<string, number>>(new Map());
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const find = useFind();
  const [text, setText] = useState(tools ? '' : find);
  const [at, setAt] = useState(0);
  const wanted = useDeferredValue(text.trim());
  const search = useMemo(
    () => (wanted === '' ? undefined : findInJson(value, wanted, FOUND_MAX)),
    [value, wanted],
  );
  const lines = useMemo(
    () => jsonLines(value, { open: search ? new Map([...open, ...search.open]) : open, startOpen, closed }),
    [value, open, closed, startOpen, search],
  );
  const current = search?.found[at % Math.max(1, search.found.length)];

  const toggle = (line: JsonLine) => {
    const nextOpen = new Map(open);
    const nextClosed = new Set(closed);
    if (line.hidden !== undefined) {
      const parent = line.path.slice(0, -2);
      nextOpen.set(parent, (open.get(parent) ?? 1) + 1);
    } else if (line.open) {
      nextOpen.delete(line.path);
      nextClosed.add(line.path);
    } else {
      nextOpen.set(line.path, 1);
      nextClosed.delete(line.path);
    }
    setOpen(nextOpen);
    setClosed(nextClosed);
  };

  return (
    <div className="min-w-0">
      {tools && (
        <div className="mb-2 flex items-center gap-2">
          <div className="relative">
            <Search size={13} aria-hidden className="absolute top-2 left-2.5 text-ink-3" />
            <input
              type="search"
              aria-label="Search in the JSON"
              placeholder="Search keys and values…"
              className="h-7 w-60 max-w-full rounded-[7px] border border-line-strong bg-surface pr-2 pl-8 text-sm outline-none focus:border-accent [&::-webkit-search-cancel-button]:hidden"
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !search?.found.length) return;
                setAt((now) => (now + (event.shiftKey ? search.found.length - 1 : 1)) % search.found.length);
              }}
            />
          </div>
          <span className="num text-sm text-ink-3" role="status">
            {search &&
              (search.found.length === 0
                ? 'Not found'
                : `${at + 1} of ${formatExact(search.found.length)}${search.found.length === FOUND_MAX ? '+' : ''}`)}
          </span>
          <CopyButton className="ml-auto" label="Copy the JSON" text={() => JSON.stringify(value, null, 2)} />
        </div>
      )}
      {lines.length > VIRTUAL_FROM ? (
        <VirtualLines lines={lines} toggle={toggle} current={current} wanted={wanted} />
      ) : (
        <div className="json overflow-x-auto">
          {lines.map((line) => (
            <Row
              key={line.path}
              line={line}
              toggle={toggle}
              current={line.path === current}
              wanted={wanted}
            />
          ))}
        </div>
      )}
    </div>
  );
}

interface LinesProps {
  toggle(line: JsonLine): void;
  wanted: string;
}

function VirtualLines({
  lines,
  toggle,
  current,
  wanted,
}: LinesProps & { lines: JsonLine[]; current: string | undefined }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    getItemKey: (index) => lines[index]?.path ?? index,
    overscan: 20,
  });
  const at = current === undefined ? -1 : lines.findIndex((line) => line.path === current);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another find scrolls
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'center' });
  }, [at]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div ref={scroller} className="json h-[min(70vh,720px)] overflow-auto" tabIndex={0}>
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          return (
            line && (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="absolute inset-x-0"
                style={{ top: item.start }}
              >
                <Row line={line} toggle={toggle} current={line.path === current} wanted={wanted} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

const Row = memo(function Row({
  line,
  toggle,
  current,
  wanted,
}: LinesProps & { line: JsonLine; current: boolean }) {
  const look = `flex min-h-5 w-full items-start rounded-sm text-left ${current ? 'bg-(--mark)' : ''}`;
  // Deep trees would run out of the page.
  const style = { paddingLeft: Math.min(line.depth, 40) * 14 };
  if (line.hidden !== undefined) {
    return (
      <button
        type="button"
        className={`${look} text-accent hover:underline`}
        style={style}
        onClick={() => toggle(line)}
      >
        <span className="pl-4.5">Show more ({formatExact(line.hidden)} left)</span>
      </button>
    );
  }
  const name = line.key !== undefined && (
    <span className={`shrink-0 ${typeof line.key === 'number' ? 'quiet' : 'key'}`}>
      {typeof line.key === 'number' ? line.key : visibleText(shorten(line.key, 120))}
      <span className="quiet">:&nbsp;</span>
    </span>
  );
  if (line.size === undefined || line.size === 0) {
    return (
      <div className={look} style={style}>
        <span className="w-4.5 shrink-0" />
        {name}
        <Plain value={line.value} wanted={wanted} />
      </div>
    );
  }
  const array = Array.isArray(line.value);
  return (
    <button
      type="button"
      className={`${look} hover:bg-hover`}
      style={style}
      aria-expanded={line.open}
      onClick={() => toggle(line)}
    >
      <span className="grid h-5 w-4.5 shrink-0 place-items-center text-ink-3">
        <ChevronRight
          size={12}
          aria-hidden
          className={`transition-transform duration-(--quick) ${line.open ? 'rotate-90' : ''}`}
        />
      </span>
      {name}
      <span className="quiet truncate">
        {array ? '[' : '{'}
        {line.open
          ? ''
          : ` ${line.size} ${array ? (line.size === 1 ? 'item' : 'items') : line.size === 1 ? 'key' : 'keys'} ${array ? ']' : '}'}`}
      </span>
    </button>
  );
});

function Plain({ value, wanted }: { value: JsonValue; wanted: string }) {
  const [whole, setWhole] = useState(false);
  if (typeof value === 'number') return <span className="number">{String(value)}</span>;
  if (typeof value !== 'string')
    return (
      <span className="literal">
        {value === null || typeof value === 'boolean' ? String(value) : Array.isArray(value) ? '[]' : '{}'}
      </span>
    );
  const long = value.length > STRING_CHARS;
  if (long && whole) {
    return (
      <span className="string min-w-0">
        <TextBlock text={value} mono />
        <button type="button" className="text-accent hover:underline" onClick={() => setWhole(false)}>
          Less
        </button>
      </span>
    );
  }
  return (
    <span className="string captured">
      <span className="quiet">"</span>
      <Marked text={long ? `${shorten(value, STRING_CHARS)}` : value} wanted={wanted} />
      <span className="quiet">"</span>
      {long && (
        <button
          type="button"
          className="ml-2 whitespace-nowrap text-accent hover:underline"
          onClick={() => setWhole(true)}
        >
          {formatBytes(value.length)}
        </button>
      )}
    </span>
  );
}

function Marked({ text, wanted }: { text: string; wanted: string }) {
  const at = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted.toLowerCase());
  if (at < 0) return <bdi>{visibleText(text)}</bdi>;
  return (
    <bdi>
      {visibleText(text.slice(0, at))}
      <mark>{visibleText(text.slice(at, at + wanted.length))}</mark>
      {visibleText(text.slice(at + wanted.length))}
    </bdi>
  );
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
