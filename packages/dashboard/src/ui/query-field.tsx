import { Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

const TYPING_MS = 250;

/** A search field that reports what was typed after a short pause, and follows the URL when it changes by itself. */
export function QueryField({
  q,
  label,
  busy,
  onChange,
}: {
  q: string | undefined;
  label: string;
  busy: boolean;
  onChange(q: string | undefined): void;
}) {
  const [text, setText] = useState(q ?? '');
  const sent = useRef(q ?? '');
  const report = useRef(onChange);
  report.current = onChange;
  useEffect(() => {
    // The back button changes what is searched for.
    if ((q ?? '') === sent.current) return;
    sent.current = q ?? '';
    setText(q ?? '');
  }, [q]);
  useEffect(() => {
    const next = text.trim();
    if (next === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = next;
      report.current(next === '' ? undefined : next);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="relative w-full sm:w-64">
      <Search
        size={14}
        aria-hidden
        className={`absolute top-[7px] left-2.5 text-ink-3 ${busy ? 'breathing' : ''}`}
      />
      <input
        type="search"
        data-page-search
        aria-label={label}
        placeholder={`${label}…`}
        className="h-7 w-full rounded-[7px] border border-line-strong bg-surface pr-7 pl-8 text-sm outline-none focus:border-accent [&::-webkit-search-cancel-button]:hidden"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {text === '' ? (
        <kbd className="kbd pointer-events-none absolute top-[5px] right-1.5 hidden sm:inline-grid">/</kbd>
      ) : (
        <button
          type="button"
          className="absolute top-1 right-1 grid size-5 place-items-center text-ink-3 hover:text-ink"
          onClick={() => setText('')}
          aria-label="Clear the search"
        >
          <X size={13} aria-hidden />
        </button>
      )}
    </div>
  );
}
