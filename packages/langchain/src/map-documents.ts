import { bag, list, readable, text } from './reading.js';

const MAX_DOCUMENTS = 20;
const MAX_CONTENT = 1_000;

/** What a retriever found: the first documents, each with the beginning of its text. */
export function readDocuments(documents: unknown): { found: number; result: unknown } {
  const found = list(documents);
  const result = found.slice(0, MAX_DOCUMENTS).map(
    (value) =>
      readable(() => {
        const { id, pageContent, metadata } = bag(value);
        const { source, title, url, score } = bag(metadata);
        const content = text(pageContent) ?? '';
        return {
          id,
          source,
          title,
          url,
          score,
          content: content.length > MAX_CONTENT ? `${content.slice(0, MAX_CONTENT)}…` : content,
        };
      }) ?? '[unreadable document]',
  );
  return { found: found.length, result };
}
