import { useEffect, useRef } from 'react';

/** Keys that work here, in the order the overlay lists them. */
export const SHORTCUTS: { group: string; keys: [string, string][] }[] = [
  {
    group: 'Anywhere',
    keys: [
      ['⌘ K', 'Command palette'],
      ['/', 'Search'],
      ['g r', 'Go to runs'],
      ['g s', 'Go to sessions'],
      ['t', 'Switch light and dark'],
      ['?', 'This overview'],
    ],
  },
  {
    group: 'Lists',
    keys: [
      ['j', 'Next row'],
      ['k', 'Previous row'],
      ['↵', 'Open'],
      ['f', 'Add a filter'],
      ['esc', 'Clear selection or search'],
    ],
  },
  {
    group: 'A run',
    keys: [
      ['j', 'Next step or tool call'],
      ['k', 'Previous step or tool call'],
      ['1 2 3', 'Transcript, waterfall, raw'],
      ['esc', 'Back to the list'],
    ],
  },
];

export type KeyHandlers = Record<string, (event: KeyboardEvent) => void>;

/** How long the second key of `g r` may take. */
const SEQUENCE_MS = 1_000;

/**
 * Single keys (`j`, `escape`, `?`) and sequences (`g r`), never while typing or while a dialog is open.
 * `Escape` also works in an input, where it first leaves the input.
 */
export function useShortcuts(handlers: KeyHandlers): void {
  const current = useRef(handlers);
  current.current = handlers;
  useEffect(() => {
    let prefix = '';
    let prefixTime = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      const target = event.target as HTMLElement | null;
      if (document.querySelector('dialog[open]')) return;
      if (target?.closest('input, textarea, select, [contenteditable="true"]')) {
        if (event.key === 'Escape') target.blur();
        return;
      }
      // An open menu or popover has its own keys.
      if (target?.closest('[role="menu"], [data-own-keys]')) return;
      // Enter and space on a button or link are that element's own.
      if (event.key === 'Enter' && target?.closest('button, a, summary')) return;
      const key = event.key.length > 1 ? event.key.toLowerCase() : event.key;
      const sequence = prefix !== '' && event.timeStamp - prefixTime < SEQUENCE_MS ? `${prefix} ${key}` : '';
      const handler = (sequence && current.current[sequence]) || current.current[key];
      prefix = key.length === 1 ? key : '';
      prefixTime = event.timeStamp;
      if (!handler) return;
      prefix = '';
      event.preventDefault();
      handler(event);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

/** ⌘K or Ctrl K, also while typing. */
export function useCommandKey(onKey: () => void): void {
  const current = useRef(onKey);
  current.current = onKey;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (
        event.key.toLowerCase() !== 'k' ||
        !(event.metaKey || event.ctrlKey) ||
        event.shiftKey ||
        event.altKey
      )
        return;
      event.preventDefault();
      current.current();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
}
