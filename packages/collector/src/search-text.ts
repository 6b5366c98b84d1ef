import type { TextQuery } from './filter.js';

/**
 * Words for FTS5's unicode61 tokenizer. It takes a run of Chinese, Japanese, Thai … characters for one word, so these
 * are set apart: each becomes a word of its own, and what the user typed becomes a phrase of them, which is a substring search.
 * The trigram tokenizer finds any substring, but needs three characters (most Chinese words have two) and a larger index.
 */
const UNSPACED =
  /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]|[\ud840-\ud88d][\udc00-\udfff]/g;
const HAS_UNSPACED = new RegExp(UNSPACED.source);
const WORD = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;
const HAS_WORD = /[\p{L}\p{N}\p{Co}]/u;

/** Beyond this a text is a file somebody pasted; its beginning is indexed. */
const MAX_INDEXED_CHARACTERS = 512 * 1024;
export const MAX_QUERY_CHARACTERS = 1000;
const MAX_TERMS = 16;

/** U+0002 and U+0003 stand around each match in a snippet. */
const OPEN = '\u0002';
const CLOSE = '\u0003';

export const indexText = (text: string): string => {
  const cut = text.length > MAX_INDEXED_CHARACTERS ? text.slice(0, MAX_INDEXED_CHARACTERS) : text;
  return HAS_UNSPACED.test(cut) ? cut.replace(UNSPACED, ' $& ') : cut;
};

/** Splits what a user typed into terms; text in double quotes stays together. Whatever it holds, it is never syntax. */
export function parseQuery(typed: string): TextQuery {
  const terms: string[] = [];
  for (const match of typed.slice(0, MAX_QUERY_CHARACTERS).matchAll(/"([^"]*)"|(\S+)/g)) {
    const term = (match[1] ?? match[2] ?? '').replaceAll('\u0000', ' ').trim();
    if (HAS_WORD.test(term) && terms.length < MAX_TERMS) terms.push(term);
  }
  return { terms };
}

/** The query in FTS5's language: each term a quoted phrase whose last word may go on. */
export const ftsQuery = (query: TextQuery): string =>
  query.terms.map((term) => `"${indexText(term).replaceAll('"', ' ').toWellFormed()}"*`).join(' ');

const fold = (word: string): string => word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

interface Token {
  folded: string;
  from: number;
  to: number;
}

function* tokensOf(text: string): Generator<Token> {
  for (const match of text.matchAll(WORD)) {
    const word = match[0];
    if (!HAS_UNSPACED.test(word)) {
      yield { folded: fold(word), from: match.index, to: match.index + word.length };
      continue;
    }
    let at = 0;
    for (const part of word.split(new RegExp(`(${UNSPACED.source})`)).filter(Boolean)) {
      yield { folded: fold(part), from: match.index + at, to: match.index + at + part.length };
      at += part.length;
    }
  }
}

/** Where the query's terms occur in a text; undefined when none does. */
function findMatches(text: string, query: TextQuery): { from: number; to: number }[] | undefined {
  const phrases = query.terms.map((term) => [...tokensOf(term)].map((token) => token.folded));
  const tokens = [...tokensOf(text.slice(0, MAX_INDEXED_CHARACTERS))];
  const matches: { from: number; to: number }[] = [];
  for (let at = 0; at < tokens.length; at++) {
    for (const phrase of phrases) {
      if (phrase.length === 0 || at + phrase.length > tokens.length) continue;
      const fits = phrase.every((word, n) => {
        const token = tokens[at + n]!.folded;
        return n === phrase.length - 1 ? token.startsWith(word) : token === word;
      });
      if (fits) {
        matches.push({ from: tokens[at]!.from, to: tokens[at + phrase.length - 1]!.to });
        break;
      }
    }
  }
  return matches.length > 0 ? matches : undefined;
}

const SNIPPET_BEFORE = 60;
const SNIPPET_CHARACTERS = 240;

/** The piece of a text around its first match, with each match marked; undefined when nothing matches. */
export function snippet(text: string, query: TextQuery): string | undefined {
  const matches = findMatches(text, query);
  if (!matches) return undefined;
  const from = wholeCharacter(text, Math.max(0, matches[0]!.from - SNIPPET_BEFORE));
  const to = wholeCharacter(text, Math.min(text.length, from + SNIPPET_CHARACTERS));
  let result = from > 0 ? '…' : '';
  let at = from;
  for (const match of matches) {
    if (match.from < at) continue;
    if (match.to > to) break;
    result += `${plain(text.slice(at, match.from))}${OPEN}${plain(text.slice(match.from, match.to))}${CLOSE}`;
    at = match.to;
  }
  return `${result}${plain(text.slice(at, to))}${to < text.length ? '…' : ''}`;
}

const plain = (text: string): string => text.replaceAll(OPEN, ' ').replaceAll(CLOSE, ' ');

/** Not between the two halves of a character. */
const wholeCharacter = (text: string, at: number): number =>
  at > 0 && /[\udc00-\udfff]/.test(text[at] ?? '') ? at - 1 : at;

/** The texts inside any JSON value, for indexing: not its member names, not binary data. */
export function textsIn(value: unknown, depth = 0): string {
  if (typeof value === 'string') return isBinary(value) ? '' : value;
  if (typeof value !== 'object' || value === null || depth > 32)
    return typeof value === 'number' ? String(value) : '';
  const parts: string[] = [];
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'role' || name === 'type') continue;
    const text = textsIn(inner, depth + 1);
    if (text !== '') parts.push(text);
  }
  return parts.join('\n');
}

/** Base64 images and audio would fill the index with words nobody types. */
const isBinary = (text: string): boolean =>
  text.length > 256 && (text.startsWith('data:') || /^[A-Za-z0-9+/_=-]{256}/.test(text));
