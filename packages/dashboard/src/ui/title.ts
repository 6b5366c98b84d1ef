import { useEffect } from 'react';
import { visibleLine } from '../content/visible-text.js';

/** What the browser's tab and history call the page. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${visibleLine(title).slice(0, 100)} · Observatory` : 'Observatory';
  }, [title]);
}
