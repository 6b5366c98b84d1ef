import { Fragment } from 'react';
import { visibleText } from '../content/visible-text.js';

/** A piece of a snippet: plain, or a match. */
export interface SnippetPart {
  text: string;
  match: boolean;
}

/** Splits a snippet at the collector's marks, U+0002 and U+0003. Stray marks are text like any other. */
export function snippetParts(snippet: string): SnippetPart[] {
  const parts: SnippetPart[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the API marks matches with these two
  for (const [index, text] of snippet.split(/\u0002([^\u0002\u0003]*)\u0003/).entries()) {
    if (text !== '') parts.push({ text, match: index % 2 === 1 });
  }
  return parts;
}

/** A search hit's text with its matches marked; captured text is never read as markup. */
export function Snippet({ snippet }: { snippet: string }) {
  return (
    <bdi className="captured">
      {snippetParts(snippet).map((part, index) => {
        const shown = visibleText(part.text.replace(/\s+/g, ' '));
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other name
        return part.match ? <mark key={index}>{shown}</mark> : <Fragment key={index}>{shown}</Fragment>;
      })}
    </bdi>
  );
}
