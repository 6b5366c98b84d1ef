import { CursorError } from './store.js';

/** A keyset cursor: where the last page ended, opaque to clients. */
export const encodeCursor = (position: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

export function decodeCursor<Shape extends 'number,string' | 'number'>(
  cursor: string,
  shape: Shape,
): Shape extends 'number' ? [number] : [number, string] {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(position) && position.map((part) => typeof part).join() === shape) {
      return position as Shape extends 'number' ? [number] : [number, string];
    }
  } catch {
    // Falls through to the message below.
  }
  throw new CursorError(
    '"cursor" is not one this collector gave: take next_cursor of the page before, or leave it out',
  );
}
