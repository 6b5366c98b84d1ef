import { useEffect, useRef, useState } from 'react';
import { useShortcuts } from '../shell/shortcuts.js';

/**
 * j, k, enter and escape over a list. The selection follows its item when rows arrive above it.
 *
 * `show` brings an index into view.
 */
export function useListKeys(options: {
  ids: readonly string[];
  open(id: string): void;
  show(index: number): void;
  onEscape?(): void;
}): string | undefined {
  const [selected, setSelected] = useState<string>();
  const current = useRef(options);
  current.current = options;

  const move = (by: number) => {
    const { ids, show } = current.current;
    if (ids.length === 0) return;
    const at = selected === undefined ? -1 : ids.indexOf(selected);
    const next = at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(Math.max(at + by, 0), ids.length - 1);
    setSelected(ids[next]);
    show(next);
  };
  const down = () => move(1);
  const up = () => move(-1);
  useShortcuts({
    j: down,
    arrowdown: down,
    k: up,
    arrowup: up,
    enter: () => selected !== undefined && current.current.open(selected),
    escape: () => (selected === undefined ? current.current.onEscape?.() : setSelected(undefined)),
  });

  const gone = selected !== undefined && !options.ids.includes(selected);
  useEffect(() => {
    if (gone) setSelected(undefined);
  }, [gone]);
  return selected;
}
