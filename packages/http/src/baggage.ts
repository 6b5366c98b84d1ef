/** Limits of https://www.w3.org/TR/baggage/ as OpenTelemetry keeps them. */
const MAX_LENGTH = 8192;
const MAX_MEMBERS = 180;
const MAX_MEMBER_LENGTH = 4096;
/** What we put in is an id. */
const MAX_VALUE_LENGTH = 200;

/** What a caller says about the run that the request belongs to. */
export interface Baggage {
  runId?: string;
  toolCallId?: string;
  sessionId?: string;
}

const KEYS = new Map<string, keyof Baggage>([
  ['observatory.run_id', 'runId'],
  ['observatory.tool_call_id', 'toolCallId'],
  ['observatory.session_id', 'sessionId'],
]);

/** Our members of a `baggage` header; nothing where it is malformed or over its limits. */
export function readBaggage(header: string | undefined): Baggage {
  const baggage: Baggage = {};
  if (!header || header.length > MAX_LENGTH) return baggage;
  const members = header.split(',');
  if (members.length > MAX_MEMBERS) return baggage;
  for (const member of members) {
    if (member.length > MAX_MEMBER_LENGTH) continue;
    const [pair = ''] = member.split(';');
    const equals = pair.indexOf('=');
    const name = KEYS.get(pair.slice(0, equals).trim());
    if (equals < 0 || !name || baggage[name] !== undefined) continue;
    const value = cleanId(decoded(pair.slice(equals + 1).trim()));
    if (value !== undefined) baggage[name] = value;
  }
  return baggage;
}

/** Our members, for a `baggage` header. */
export function writeBaggage(baggage: Baggage): string {
  const members: string[] = [];
  for (const [key, name] of KEYS) {
    const value = baggage[name];
    if (value) members.push(`${key}=${encodeURIComponent(value)}`);
  }
  return members.join(',');
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it takes out
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** An id from outside: without control characters and no longer than an id is; undefined where nothing is left. */
export function cleanId(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return undefined;
  return value.replace(CONTROL, '').trim().slice(0, MAX_VALUE_LENGTH) || undefined;
}
