import { useMemo } from 'react';
import { visibleLine, visibleText } from './visible-text.js';

/** Captured text on one line, cut by the layout. */
export function Line({
  text,
  className = '',
  title = false,
}: {
  text: string;
  className?: string;
  title?: boolean;
}) {
  // A preview is at most 200 characters; an id or a message may be anything.
  const shown = useMemo(() => visibleLine(text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text), [text]);
  return (
    <bdi className={`captured truncate ${className}`} {...(title ? { title: shown } : {})}>
      {shown}
    </bdi>
  );
}

/** Short captured text that may wrap. For what can be long, see `TextBlock`. */
export function Text({ text, className = '' }: { text: string; className?: string }) {
  const shown = useMemo(() => visibleText(text), [text]);
  return <bdi className={`captured ${className}`}>{shown}</bdi>;
}
