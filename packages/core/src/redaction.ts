/**
 * Secrets in captured text. The patterns run on every text of every item (seal.ts), so most of this file is about not
 * running them: `mayHoldSecret` looks only at the few characters around which a secret can stand.
 */
export const REDACTED = '[REDACTED]';

/** Members whose value is a secret whatever it looks like. */
const SECRET_KEY =
  /^(?:.*[_-])?(?:password|passwd|pwd|passphrase|secret|client[_-]?secret|api[_-]?key|access[_-]?token|refresh[_-]?token|id[_-]?token|auth[_-]?token|session[_-]?token|private[_-]?key|secret[_-]?key|access[_-]?key|authorization|proxy-authorization|cookie|set-cookie|x-api-key)$/i;

export const isSecretKey = (key: string): boolean => key.length < 64 && SECRET_KEY.test(key);

const TOKENS =
  /\b(?:sk-[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,}|A(?:KIA|SIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})/g;

/** RFC 6750 and RFC 7617 credentials. A token has a digit or is long; "Bearer of bad news" has neither. */
const CREDENTIALS =
  /\b(Bearer|Basic)( +)(?=[A-Za-z0-9._~+/-]*[0-9]|[A-Za-z0-9._~+/-]{32})[A-Za-z0-9._~+/-]{12,}={0,2}/g;

const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:@/"'\\]*:)[^\s@/"'\\]+@/gi;

const PRIVATE_KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g;

/** `password=hunter2`, `"api_key": "…"`, and the same inside JSON text inside a string. */
const PAIRS =
  /((?:password|passwd|pwd|passphrase|client[_-]?secret|api[_-]?key|(?:access|refresh|id|auth|session)[_-]?token|private[_-]?key|secret[_-]?(?:access[_-]?)?key|authorization|secret(?=\\?["']|=))(?:\\?["'])?\s*[:=]\s*)((?:bearer|basic) +[^\s"'\\,;]+|\\"(?:[^"\\]|\\[^"])*\\"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'\\,;&}\])]+)/gi;

const quoteOf = (value: string) => /^(?:\\?"|')/.exec(value)?.[0] ?? '';

/** The text without what looks like a key, a token or a password. */
export function redactSecrets(text: string): string {
  if (!mayHoldSecret(text)) return text;
  return text
    .replace(PRIVATE_KEY, REDACTED)
    .replace(CREDENTIALS, (_, scheme: string, space: string) => `${scheme}${space}${REDACTED}`)
    .replace(TOKENS, REDACTED)
    .replace(URL_PASSWORD, `$1${REDACTED}@`)
    .replace(PAIRS, (pair, key: string, value: string) => {
      if (value.includes(REDACTED)) return pair;
      const quote = quoteOf(value);
      return `${key}${quote}${REDACTED}${quote}`;
    });
}

/** Up to this a look at each character is faster than one search for each sign. */
const SHORT = 64;
const SIGNS = new Uint8Array(128);
for (const sign of ':=_-JAB') SIGNS[sign.charCodeAt(0)] = 1;

function hasSign(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (SIGNS[text.charCodeAt(i)]) return true;
  return false;
}

/**
 * False only if no pattern can match. Reads the text at the speed of `indexOf` of single characters: a secret stands
 * around `:`, `=`, `_` or `-`, or begins with one of a few rare words.
 */
export function mayHoldSecret(text: string): boolean {
  if (text.length < 6 || (text.length <= SHORT && !hasSign(text))) return false;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    if (endsSecretKey(text, at)) return true;
    if (text.charCodeAt(at + 1) === 47 && text.charCodeAt(at + 2) === 47 && mayHoldUserInfo(text, at + 3)) {
      return true;
    }
  }
  for (let at = text.indexOf('='); at !== -1; at = text.indexOf('=', at + 1)) {
    if (endsSecretKey(text, at)) return true;
  }
  for (let at = text.indexOf('_'); at !== -1; at = text.indexOf('_', at + 1)) {
    const before = text.charCodeAt(at - 1);
    const beforeThat = text.charCodeAt(at - 2);
    if (before === 107) {
      // sk_live_ rk_test_
      const after = text.charCodeAt(at + 1);
      if ((beforeThat === 115 || beforeThat === 114) && (after === 108 || after === 116)) return true;
    } else if (before === 102 || before === 109 || before === 99 || before === 116) {
      // hf_ | npm_ | whsec_ | github_pat_
      if (beforeThat === 104 || beforeThat === 112 || beforeThat === 101 || beforeThat === 97) {
        if (/(?:hf|npm|whsec|pat)$/.test(text.slice(Math.max(0, at - 5), at))) return true;
      }
    } else if (beforeThat === 104 && text.charCodeAt(at - 3) === 103) {
      // ghp_ gho_ ghu_ ghs_ ghr_
      return true;
    }
  }
  for (let at = text.indexOf('-'); at !== -1; at = text.indexOf('-', at + 1)) {
    const before = text.charCodeAt(at - 1);
    // sk- | glpat- | xoxb- | -----BEGIN
    if (before === 107 && text.charCodeAt(at - 2) === 115) return true;
    if (before === 116 && text.charCodeAt(at - 2) === 97) return true;
    if (text.charCodeAt(at - 2) === 120 && text.charCodeAt(at - 3) === 111) return true;
    if (before === 45 && text.charCodeAt(at + 1) === 66) return true;
  }
  // eyJ: the J is the rare letter of the three.
  for (let at = text.indexOf('J'); at !== -1; at = text.indexOf('J', at + 1)) {
    if (text.charCodeAt(at - 1) === 121 && text.charCodeAt(at - 2) === 101) return true;
  }
  // AKIA ASIA AIza
  for (let at = text.indexOf('A'); at !== -1; at = text.indexOf('A', at + 1)) {
    if (text.startsWith('KIA', at + 1) || text.startsWith('SIA', at + 1) || text.startsWith('Iza', at + 1)) {
      return true;
    }
  }
  // Bearer Basic
  for (let at = text.indexOf('B'); at !== -1; at = text.indexOf('B', at + 1)) {
    if (text.startsWith('earer ', at + 1) || text.startsWith('asic ', at + 1)) return true;
  }
  return false;
}

/** Whether the word before a `:` or `=` may be a key of PAIRS: its last letters are those of one. */
function endsSecretKey(text: string, at: number): boolean {
  let i = at - 1;
  // Quotes, escaping backslashes and spaces may stand between the key and the sign.
  for (let code = text.charCodeAt(i); code === 34 || code === 39 || code === 92 || code <= 32; ) {
    if (--i < 0) return false;
    code = text.charCodeAt(i);
  }
  // The last two letters decide for nearly every word; the slice is made for the rest.
  const end = (text.charCodeAt(i - 1) << 8) | text.charCodeAt(i) | 0x2020;
  return KEY_ENDS.has(end) && SECRET_KEY_END.test(text.slice(Math.max(0, i - 5), i + 1));
}

const KEY_ENDS = new Set(
  ['rd', 'wd', 'se', 'et', 'ey', 'en', 'on', 'ie'].map((end) => (end.charCodeAt(0) << 8) | end.charCodeAt(1)),
);
const SECRET_KEY_END = /(?:sword|swd|pwd|phrase|secret|[_eits-]key|token|zation|cookie)$/i;

function mayHoldUserInfo(text: string, from: number): boolean {
  const end = Math.min(text.length, from + 512);
  for (let i = from; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 64) return true;
    if (code <= 32 || code === 47 || code === 34) return false;
  }
  return end < text.length;
}
