import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'observatory.theme';
const readers = new Set<() => void>();

function read(): Theme {
  const set = document.documentElement.dataset.theme;
  return set === 'light' || set === 'dark' ? set : 'system';
}

/** Sets and remembers the theme; `system` forgets. The same key is read before the first paint by public/theme.js. */
export function setTheme(theme: Theme): void {
  const root = document.documentElement;
  try {
    if (theme === 'system') {
      delete root.dataset.theme;
      localStorage.removeItem(KEY);
    } else {
      root.dataset.theme = theme;
      localStorage.setItem(KEY, theme);
    }
  } catch {
    // Storage is blocked: the theme holds until the page closes.
  }
  for (const reader of readers) reader();
}

export function useTheme(): Theme {
  return useSyncExternalStore((reader) => {
    readers.add(reader);
    return () => readers.delete(reader);
  }, read);
}
