/** Longest text kept from one stream, in UTF-16 units; the recorder cuts at its own limit anyway. */
const TEXT_LIMIT = 1024 * 1024;
/** Pieces joined at once: joining each piece would be quadratic, never joining would keep one object per chunk. */
const PIECES = 512;

/** Text that arrives in pieces, kept in about as much memory as the text itself takes. */
export class TextBuffer {
  #joined = '';
  #pieces: string[] = [];
  length = 0;

  add(piece: string): void {
    this.length += piece.length;
    if (this.length - piece.length >= TEXT_LIMIT) return;
    if (this.#pieces.push(piece) >= PIECES) this.#join();
  }

  #join(): void {
    this.#joined += this.#pieces.join('');
    this.#pieces = [];
  }

  toString(): string {
    this.#join();
    return this.#joined;
  }
}
