import { useMemo, useState } from 'react';
import { formatBytes } from '../format.js';
import { useFind } from './find.js';
import { visibleText } from './visible-text.js';

/** Above this, text starts cut. */
const PREVIEW_CHARS = 6_000;
const PREVIEW_LINES = 60;
/** Each piece is laid out only when it is on screen. */
const CHUNK_CHARS = 16_000;

/** Captured text of any length, as text. Long text starts cut; shown whole it goes in pieces, so that 10 MB do not freeze the page. */
export function TextBlock({
  text,
  mono = false,
  className = '',
}: {
  text: string;
  mono?: boolean;
  className?: string;
}) {
  const find = useFind().toLowerCase();
  const preview = useMemo(() => cut(text), [text]);
  const long = preview.length < text.length;
  const [whole, setWhole] = useState(
    () => long && find !== '' && text.toLowerCase().indexOf(find) >= preview.length - find.length,
  );
  return (
    <div
      className={`captured whitespace-pre-wrap ${mono ? 'font-mono text-sm' : ''} ${className}`}
      dir="auto"
    >
      {whole && long ? <Chunks text={text} /> : visibleText(preview)}
      {long && <ShowAll whole={whole} size={text.length} onToggle={() => setWhole(!whole)} />}
    </div>
  );
}

export function ShowAll({ whole, size, onToggle }: { whole: boolean; size: number; onToggle(): void }) {
  return (
    <div
      className={`flex font-sans ${whole ? 'sticky bottom-2 mt-2' : '-mt-8 bg-linear-to-t from-surface to-transparent pt-10'}`}
    >
      <button type="button" className="btn" onClick={onToggle} aria-expanded={whole}>
        {whole ? 'Show less' : `Show all (${formatBytes(size)})`}
      </button>
    </div>
  );
}

function Chunks({ text }: { text: string }) {
  const chunks = useMemo(() => split(text, CHUNK_CHARS), [text]);
  return chunks.map((chunk, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name
    <div key={index} className="[contain-intrinsic-size:auto_1200px] [content-visibility:auto]">
      {visibleText(chunk)}
    </div>
  ));
}

/** The first lines, ending at a line or a word where one is near. */
export function cut(text: string, chars = PREVIEW_CHARS, lines = PREVIEW_LINES): string {
  let end = Math.min(text.length, chars);
  let line = -1;
  for (let count = 0; count < lines; count++) {
    line = text.indexOf('\n', line + 1);
    if (line < 0 || line > end) break;
    if (count === lines - 1) end = line;
  }
  // A few lines more than the bound are not worth a button.
  if (text.length - end < 400 && text.length < chars * 1.1) return text;
  return text.slice(0, wholeCharacter(text, end));
}

/** Pieces of about `size` characters; each ends after a line break where one is near. */
export function split(text: string, size: number): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(start + size, text.length);
    if (end < text.length) {
      const line = text.lastIndexOf('\n', end);
      end = line > start + size / 2 ? line + 1 : wholeCharacter(text, end);
    }
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

/** Does not cut a surrogate pair in two. */
function wholeCharacter(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
