/**
 * Captured text can carry characters nobody sees: direction overrides that make `evil.exe` read as `exe.live`, zero-width
 * marks, terminal escapes, and whole instructions in Unicode tag characters. They are shown, never obeyed and never dropped;
 * what people really write (emoji sequences, Persian joiners, Hebrew and Arabic marks) stays as it is.
 */

const SUSPECT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\ufe00-\ufe0f]|\udb40[\udc00-\udfff]/g;

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const JOINED_SCRIPT = /[\u0600-\u08ff\u0900-\u0dff\u0e00-\u0eff\u1780-\u18af]/;
const EMOJI_PART = /[\p{Extended_Pictographic}\p{Emoji_Modifier}#*0-9]|\u20e3|\ufe0f/u;

/**
 * The same text with every invisible or direction-changing character written out, e.g. `⟨U+202E⟩`.
 *
 * @example
 * visibleText('safe\u202Egnp.exe') // 'safe⟨U+202E⟩gnp.exe'
 */
export function visibleText(text: string): string {
  // One scan decides for nearly all text that there is nothing to do.
  SUSPECT.lastIndex = 0;
  if (!SUSPECT.test(text)) return text;
  return text.replace(SUSPECT, (found, at: number) => (belongs(found, text, at) ? found : written(found)));
}

/** Also makes one line of it: for rows and titles. */
export function visibleLine(text: string): string {
  return visibleText(text.replace(/\s*[\r\n]+\s*/g, ' ')).trim();
}

function belongs(found: string, text: string, at: number): boolean {
  const code = found.codePointAt(0)!;
  const before = charBefore(text, at);
  const after = charAt(text, at + found.length);
  if (code === 0x200d) {
    return (EMOJI_PART.test(before) && EMOJI_PART.test(after)) || JOINED_SCRIPT.test(before);
  }
  if (code === 0x200c) return JOINED_SCRIPT.test(before);
  if (code === 0x200e || code === 0x200f || code === 0x061c) {
    return RIGHT_TO_LEFT.test(before) || RIGHT_TO_LEFT.test(after);
  }
  // Text and emoji presentation.
  if (code === 0xfe0e || code === 0xfe0f) return EMOJI_PART.test(before);
  // A soft hyphen between letters only says where a word may break.
  if (code === 0xad) return /\p{L}/u.test(before) && /\p{L}/u.test(after);
  if (code >= 0xe0020 && code <= 0xe007f) return inFlag(text, at);
  return false;
}

/** Tag characters are honest only in the flags of England, Scotland and Wales; anything longer hides text behind a flag. */
const FLAGS = ['gbeng', 'gbsct', 'gbwls'].map(
  (region) =>
    `\u{1f3f4}${[...region].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('')}\u{e007f}`,
);
const FLAG_LENGTH = FLAGS[0]!.length;

function inFlag(text: string, at: number): boolean {
  // Looked for close by only: a megabyte of tag characters must not be searched for each of them.
  const near = Math.max(0, at - FLAG_LENGTH + 1);
  const start = text.slice(near, at).lastIndexOf('\u{1f3f4}');
  return start >= 0 && FLAGS.some((flag) => text.startsWith(flag, near + start));
}

function written(found: string): string {
  const code = found.codePointAt(0)!;
  // Control pictures: ␀ … ␟, ␡.
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  // Tag characters spell ASCII: show what they spell.
  if (code >= 0xe0020 && code <= 0xe007e) return `⟨tag ${String.fromCharCode(code - 0xe0000)}⟩`;
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

function charBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff
    ? text.slice(Math.max(0, at - 2), at)
    : text.slice(Math.max(0, at - 1), at);
}

function charAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}
