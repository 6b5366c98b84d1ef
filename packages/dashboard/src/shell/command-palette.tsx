import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { AlertCircle, ArrowRight, Hash, MessagesSquare, Moon, Play, Radio, Search, Sun } from 'lucide-react';
import { type ComponentType, useDeferredValue, useEffect, useId, useRef, useState } from 'react';
import { searchQuery } from '../api/queries.js';
import { Line } from '../content/captured.js';
import { foundIn, spotOf, WHERE } from '../search/hit.js';
import { Snippet } from '../search/snippet.js';
import { Dialog } from '../ui/dialog.js';
import { setTheme } from '../ui/theme.js';

interface Entry {
  key: string;
  icon: ComponentType<{ size?: number; className?: string; 'aria-hidden'?: boolean }>;
  label: React.ReactNode;
  detail?: React.ReactNode;
  /** Matched against what is typed; absent means it is always shown. */
  words?: string;
  act(): void;
}

/** Jump anywhere: commands, ids, and what was said in any run. */
export function CommandPalette({ onClose }: { onClose(): void }) {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const query = useDeferredValue(text.trim());
  const hits = useInfiniteQuery(searchQuery(query)).data?.pages[0]?.hits ?? [];

  const commands: Entry[] = [
    {
      key: 'runs',
      icon: Play,
      label: 'Runs',
      words: 'runs list home',
      act: () => void navigate({ to: '/' }),
    },
    {
      key: 'sessions',
      icon: MessagesSquare,
      label: 'Sessions',
      words: 'sessions conversations',
      act: () => void navigate({ to: '/sessions' }),
    },
    {
      key: 'running',
      icon: Radio,
      label: 'Running now',
      words: 'running live now',
      act: () => void navigate({ to: '/', search: { status: 'running' } }),
    },
    {
      key: 'errors',
      icon: AlertCircle,
      label: 'Runs that failed',
      words: 'failed errors runs',
      act: () => void navigate({ to: '/', search: { status: 'error' } }),
    },
    { key: 'light', icon: Sun, label: 'Light theme', words: 'light theme', act: () => setTheme('light') },
    { key: 'dark', icon: Moon, label: 'Dark theme', words: 'dark theme', act: () => setTheme('dark') },
  ];
  const wanted = query.toLowerCase();
  const entries: Entry[] = commands.filter((entry) => wanted === '' || entry.words?.includes(wanted));
  if (query !== '') {
    for (const hit of hits.slice(0, 8)) {
      entries.push({
        key: `${hit.run_id} ${spotOf(hit)} ${hit.where}`,
        icon: hit.where === 'error' ? AlertCircle : ArrowRight,
        label: <Snippet snippet={hit.snippet} />,
        detail: <Line text={`${WHERE[hit.where]} · ${hit.run.name ?? hit.run_id}`} />,
        act: () =>
          void navigate({
            to: '/runs/$runId',
            params: { runId: hit.run_id },
            search: { at: spotOf(hit), find: foundIn(hit) },
          }),
      });
    }
    entries.push({
      key: 'search',
      icon: Search,
      label: (
        <>
          Search everything for “<Line text={query} className="inline" />”
        </>
      ),
      act: () => void navigate({ to: '/search', search: { q: query } }),
    });
    if (!/\s/.test(query) && query.length >= 6) {
      entries.push({
        key: 'id',
        icon: Hash,
        label: (
          <>
            Open the run with id <Line text={query} className="inline font-mono text-sm" />
          </>
        ),
        act: () => void navigate({ to: '/runs/$runId', params: { runId: query } }),
      });
    }
  }
  const current = Math.min(active, entries.length - 1);

  useEffect(() => {
    list.current?.querySelector(`[data-index="${current}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.act();
  };

  return (
    <Dialog
      label="Command palette"
      className="mt-[12vh] w-[min(640px,calc(100vw-24px))] overflow-hidden"
      onClose={onClose}
    >
      <div className="flex items-center gap-2.5 border-b px-4">
        <Search size={16} aria-hidden className="shrink-0 text-ink-3" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={`${listId}-${current}`}
          aria-label="Jump to, or search what was said"
          className="h-12 w-full bg-transparent text-md outline-none"
          placeholder="Jump to, or search what was said…"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') setActive(Math.min(current + 1, entries.length - 1));
            else if (event.key === 'ArrowUp') setActive(Math.max(current - 1, 0));
            else if (event.key === 'Enter') run(entries[current]);
            else return;
            event.preventDefault();
          }}
        />
        <kbd className="kbd">esc</kbd>
      </div>
      <div
        ref={list}
        id={listId}
        role="listbox"
        aria-label="Results"
        className="max-h-[min(420px,60vh)] overflow-y-auto p-1.5"
      >
        {entries.map((entry, index) => {
          const Icon = entry.icon;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the keys
            <div
              key={entry.key}
              id={`${listId}-${index}`}
              role="option"
              tabIndex={-1}
              data-index={index}
              aria-selected={index === current}
              className="flex min-h-9 items-center gap-3 rounded-lg px-2.5 py-1.5 aria-selected:bg-active"
              onPointerMove={() => setActive(index)}
              onClick={() => run(entry)}
            >
              <Icon size={15} aria-hidden className="shrink-0 text-ink-3" />
              <span className="min-w-0 flex-1 truncate">{entry.label}</span>
              {entry.detail && (
                <span className="max-w-[40%] truncate text-sm text-ink-3">{entry.detail}</span>
              )}
            </div>
          );
        })}
      </div>
    </Dialog>
  );
}
