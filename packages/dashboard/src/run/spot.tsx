import { createContext, useContext, useEffect } from 'react';

/** The selected place of the run on the page, and how to select another one. */
export interface Selection {
  at: string | undefined;
  select(spot: string): void;
}

export const SelectionContext = createContext<Selection>({ at: undefined, select: () => undefined });

export function useSelection(): Selection {
  return useContext(SelectionContext);
}

export function spotId(spot: string): string {
  return `spot-${spot}`;
}

/** Scrolls to a spot when a link leads there, shows it for a moment, and marks the words that were searched for. */
export function useLanding(spot: string | undefined, find: string | undefined, ready: boolean): void {
  useEffect(() => {
    if (!ready || spot === undefined) return;
    const element = document.getElementById(spotId(spot));
    if (!element) return;
    // What is lazily drawn changes the height of the page for a moment.
    const frame = requestAnimationFrame(() => {
      element.scrollIntoView({ block: element.clientHeight > innerHeight * 0.6 ? 'start' : 'center' });
      if (find === undefined) return;
      element.classList.add('landed');
      highlight(element, find);
    });
    const timer = setTimeout(() => element.classList.remove('landed'), 2_500);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      element.classList.remove('landed');
      clearHighlight();
    };
  }, [spot, find, ready]);
}

const MOST_RANGES = 200;

/** Marks text without touching the elements, so that what React renders stays its own. */
function highlight(element: HTMLElement, words: string): void {
  if (!('highlights' in CSS)) return;
  const wanted = words.toLowerCase();
  const ranges: Range[] = [];
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node && ranges.length < MOST_RANGES; node = texts.nextNode()) {
    const text = node.textContent!.toLowerCase();
    for (
      let at = text.indexOf(wanted);
      at >= 0 && ranges.length < MOST_RANGES;
      at = text.indexOf(wanted, at + wanted.length)
    ) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      ranges.push(range);
    }
  }
  CSS.highlights.set('found', new Highlight(...ranges));
}

function clearHighlight(): void {
  if ('highlights' in CSS) CSS.highlights.delete('found');
}
