import type { SearchHit } from '@observatory/collector/api';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { searchQuery } from '../api/queries.js';
import { Line } from '../content/captured.js';
import { PageError } from '../shell/page-states.js';
import { useListKeys } from '../ui/list-keys.js';
import { Status } from '../ui/outcome.js';
import { Ago } from '../ui/times.js';
import { useTitle } from '../ui/title.js';
import { foundIn, spotOf, WHERE } from './hit.js';
import { Snippet } from './snippet.js';

const TYPING_MS = 220;

/** Full text over everything that was said, asked, answered or failed. */
export function SearchPage() {
  const { q = '' } = useSearch({ from: '/search' });
  useTitle(q === '' ? 'Search' : `${q} · Search`);
  const navigate = useNavigate({ from: '/search' });
  const [text, setText] = useState(q);
  const sent = useRef(q);
  useEffect(() => {
    if (q === sent.current) return;
    sent.current = q;
    setText(q);
  }, [q]);
  useEffect(() => {
    const next = text.trim();
    if (next === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = next;
      void navigate({ search: next === '' ? {} : { q: next }, replace: true });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, navigate]);

  const results = useInfiniteQuery(searchQuery(q));
  const hits = useMemo(() => results.data?.pages.flatMap((page) => page.hits) ?? [], [results.data]);
  const keys = useMemo(() => hits.map((hit, index) => `${index} ${hit.run_id}`), [hits]);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const selected = useListKeys({
    ids: keys,
    open: (key) => {
      const hit = hits[keys.indexOf(key)];
      if (hit)
        void navigate({
          to: '/runs/$runId',
          params: { runId: hit.run_id },
          search: { at: spotOf(hit), find: foundIn(hit) },
        });
    },
    show: (index) => document.getElementById(`hit-${index}`)?.scrollIntoView({ block: 'nearest' }),
    onEscape: () => input.current?.focus(),
  });
  const asked = q.trim() !== '';
  return (
    <div className="scroller">
      <div className="mx-auto max-w-[820px] px-4 py-6 sm:px-6">
        <h1 className="sr-only">Search</h1>
        <div className="relative">
          <Search
            size={17}
            aria-hidden
            className={`absolute top-3 left-3.5 text-ink-3 ${results.isFetching ? 'breathing' : ''}`}
          />
          <input
            ref={input}
            type="search"
            data-page-search
            aria-label="Search everything"
            placeholder="Search prompts, answers, tool calls and errors…"
            className="h-10.5 w-full rounded-[10px] border border-line-strong bg-surface pr-4 pl-10.5 text-md outline-none focus:border-accent [&::-webkit-search-cancel-button]:hidden"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown' || event.key === 'Enter') event.currentTarget.blur();
            }}
          />
        </div>
        {!asked && (
          <p className="px-1 pt-8 text-ink-3">
            Words, or a “phrase in quotes”. Everything a run said, called or failed with is searched.
          </p>
        )}
        {asked && results.isError && <PageError error={results.error} />}
        {asked && results.isPending && <Skeletons />}
        {asked && results.isSuccess && hits.length === 0 && (
          <p className="px-1 pt-8 text-ink-3">Nothing found.</p>
        )}
        {asked && (
          <ol
            aria-label="Hits"
            className={`mt-3 transition-opacity ${results.isPlaceholderData ? 'opacity-50' : ''}`}
          >
            {hits.map((hit, index) => (
              <Hit key={keys[index]} hit={hit} index={index} selected={keys[index] === selected} />
            ))}
          </ol>
        )}
        {results.hasNextPage && asked && (
          <button
            type="button"
            className="btn mt-4"
            disabled={results.isFetchingNextPage}
            onClick={() => void results.fetchNextPage()}
          >
            More hits
          </button>
        )}
      </div>
    </div>
  );
}

function Hit({ hit, index, selected }: { hit: SearchHit; index: number; selected: boolean }) {
  return (
    <li
      id={`hit-${index}`}
      className={`relative scroll-my-6 rounded-[10px] px-3.5 py-3 transition-colors duration-(--quick) hover:bg-hover ${selected ? 'bg-active' : ''}`}
    >
      <div className="mb-1 flex items-center gap-2.5 text-sm text-ink-3">
        <Status of={hit.run} iconOnly />
        <span className="chip">{WHERE[hit.where]}</span>
        <Line text={hit.run.name ?? hit.run_id} />
        <span className="ml-auto">
          <Ago time={hit.run.start_time} />
        </span>
      </div>
      <Link
        to="/runs/$runId"
        params={{ runId: hit.run_id }}
        search={{ at: spotOf(hit), find: foundIn(hit) }}
        className="line-clamp-3 before:absolute before:inset-0"
      >
        <Snippet snippet={hit.snippet} />
      </Link>
    </li>
  );
}

function Skeletons() {
  return (
    <div className="mt-4 space-y-6 px-3.5" aria-hidden="true">
      {[0, 1, 2, 3].map((hit) => (
        <div key={hit} className="space-y-2">
          <div className="skeleton h-3 w-40" />
          <div className="skeleton h-3.5 w-10/12" />
        </div>
      ))}
    </div>
  );
}
