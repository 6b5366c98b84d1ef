import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Activity, Command, Keyboard, MessagesSquare, Monitor, Moon, Search, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { useLive } from '../api/live.js';
import { overviewQuery } from '../api/queries.js';
import { formatCount, formatExact } from '../format.js';
import { setTheme, type Theme, useTheme } from '../ui/theme.js';

/** A side bar; icons only on a tablet, a top bar on a phone. */
export function Navigation({ onPalette, onShortcuts }: { onPalette(): void; onShortcuts(): void }) {
  const overview = useQuery(overviewQuery).data;
  return (
    <nav
      aria-label="Main"
      className="flex shrink-0 items-center gap-1 border-b bg-canvas px-3 py-2 sm:w-14 sm:flex-col sm:items-stretch sm:border-r sm:border-b-0 sm:px-2.5 sm:py-3 lg:w-52"
    >
      <Link
        to="/"
        aria-label="Observatory"
        className="mr-auto flex h-8 items-center gap-2 px-1.5 sm:mr-0 sm:mb-3"
      >
        <Logo />
        <span className="text-base font-semibold tracking-[-0.01em] sm:hidden lg:inline">Observatory</span>
      </Link>
      <NavLink to="/" icon={<Activity size={15} aria-hidden />} label="Runs" count={overview?.run_count} />
      <NavLink
        to="/sessions"
        icon={<MessagesSquare size={15} aria-hidden />}
        label="Sessions"
        count={overview?.session_count}
      />
      <NavLink to="/search" icon={<Search size={15} aria-hidden />} label="Search" hint="/" />
      <div className="hidden flex-1 sm:block" />
      <div className="hidden sm:block">
        <LiveLine running={overview?.running_count} />
      </div>
      <div className="flex items-center gap-0.5 sm:flex-col sm:border-t sm:pt-2 lg:flex-row">
        <button
          type="button"
          className="btn btn-quiet btn-icon"
          onClick={onPalette}
          aria-label="Command palette"
          title="Command palette (⌘K)"
        >
          <Command size={15} aria-hidden />
        </button>
        <button
          type="button"
          className="btn btn-quiet btn-icon hidden sm:inline-flex"
          onClick={onShortcuts}
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts (?)"
        >
          <Keyboard size={15} aria-hidden />
        </button>
        <ThemeButton />
      </div>
    </nav>
  );
}

function NavLink({
  to,
  icon,
  label,
  count,
  hint,
}: {
  to: '/' | '/sessions' | '/search';
  icon: ReactNode;
  label: string;
  count?: number | undefined;
  hint?: string;
}) {
  return (
    <Link
      to={to}
      title={label}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      className="flex h-8 items-center gap-2.5 rounded-lg px-2 text-ink-2 transition-colors duration-(--quick) hover:bg-hover hover:text-ink data-[status=active]:bg-active data-[status=active]:font-medium data-[status=active]:text-ink sm:justify-center lg:justify-start"
    >
      {icon}
      <span className="sr-only lg:not-sr-only">{label}</span>
      {count !== undefined && count > 0 && (
        <span
          className="num ml-auto hidden text-xs font-normal text-ink-3 lg:inline"
          title={formatExact(count)}
        >
          {formatCount(count)}
        </span>
      )}
      {hint && (
        <span aria-hidden className="kbd ml-auto hidden lg:inline-grid">
          {hint}
        </span>
      )}
    </Link>
  );
}

/** Whether the page is fed live, and how much is running right now. */
function LiveLine({ running }: { running: number | undefined }) {
  const { state } = useLive();
  const said =
    state === 'live'
      ? running
        ? `${formatExact(running)} running`
        : 'Live'
      : state === 'polling'
        ? 'Polling'
        : state === 'unreachable'
          ? 'Reconnecting'
          : 'Connecting';
  const title =
    state === 'live'
      ? 'New and changed runs appear as they arrive'
      : state === 'polling'
        ? 'The live stream does not open (a proxy may hold it back): lists are read every few seconds'
        : 'The collector does not answer yet';
  return (
    <p
      className="flex h-8 items-center gap-2.5 px-2.5 text-sm text-ink-3 sm:justify-center lg:justify-start"
      title={`${said}. ${title}`}
      role="status"
    >
      <span
        className={`size-2 shrink-0 rounded-full ${
          state === 'live'
            ? running
              ? 'breathing bg-accent'
              : 'bg-ok'
            : state === 'unreachable'
              ? 'breathing bg-error'
              : 'bg-warn'
        }`}
      />
      <span className="num sm:sr-only lg:not-sr-only">{said}</span>
    </p>
  );
}

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };

function ThemeButton() {
  const theme = useTheme();
  const Icon = theme === 'system' ? Monitor : theme === 'light' ? Sun : Moon;
  return (
    <button
      type="button"
      className="btn btn-quiet btn-icon"
      onClick={() => setTheme(NEXT[theme])}
      aria-label={`Theme: ${theme}. Switch to ${NEXT[theme]}`}
      title={`Theme: ${theme}`}
    >
      <Icon size={15} aria-hidden />
    </button>
  );
}

/** The dome and its slit, open. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true" className="shrink-0">
      <path d="M4.5 15.5a7.5 7.5 0 0 1 15 0" stroke="var(--accent)" strokeWidth="1.9" strokeLinecap="round" />
      <path d="M3 19h18" stroke="var(--accent)" strokeWidth="1.9" strokeLinecap="round" />
      <path d="m12 15.5 4.6-9.6" stroke="currentColor" strokeWidth="1.9" strokeLinecap="round" />
      <circle cx="17.6" cy="3.6" r="1.4" fill="currentColor" />
    </svg>
  );
}
