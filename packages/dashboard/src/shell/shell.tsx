import { Outlet, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { setTheme } from '../ui/theme.js';
import { CommandPalette } from './command-palette.js';
import { ConnectionBar } from './connection-bar.js';
import { LossBanner } from './loss-banner.js';
import { Navigation } from './navigation.js';
import { useCommandKey, useShortcuts } from './shortcuts.js';
import { ShortcutsOverlay } from './shortcuts-overlay.js';

/** What stands around every page. */
export function Shell() {
  const navigate = useNavigate();
  const [overlay, setOverlay] = useState<'palette' | 'shortcuts'>();

  useCommandKey(() => setOverlay((open) => (open === 'palette' ? undefined : 'palette')));
  useShortcuts({
    '?': () => setOverlay('shortcuts'),
    'g r': () => void navigate({ to: '/' }),
    'g s': () => void navigate({ to: '/sessions' }),
    '/': () => {
      const field = document.querySelector<HTMLInputElement>('input[data-page-search]');
      if (field) field.select();
      else void navigate({ to: '/search' });
    },
    t: () => setTheme(isDark() ? 'light' : 'dark'),
  });

  return (
    <div className="relative flex h-full flex-col overflow-hidden sm:flex-row">
      <button
        type="button"
        className="btn absolute top-2 left-2 z-50 -translate-y-14 focus-visible:translate-y-0"
        onClick={() => document.getElementById('main')?.focus()}
      >
        Skip to content
      </button>
      <Navigation onPalette={() => setOverlay('palette')} onShortcuts={() => setOverlay('shortcuts')} />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <ConnectionBar />
        <LossBanner />
        <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
          <Outlet />
        </main>
      </div>
      {overlay === 'palette' && <CommandPalette onClose={() => setOverlay(undefined)} />}
      {overlay === 'shortcuts' && <ShortcutsOverlay onClose={() => setOverlay(undefined)} />}
    </div>
  );
}

function isDark(): boolean {
  return getComputedStyle(document.documentElement).colorScheme === 'light dark'
    ? matchMedia('(prefers-color-scheme: dark)').matches
    : getComputedStyle(document.documentElement).colorScheme === 'dark';
}
