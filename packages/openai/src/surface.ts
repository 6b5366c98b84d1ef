/** Which endpoint of the OpenAI protocol a request goes to, told from its path alone. */
export type SurfaceName =
  | 'chat'
  | 'response'
  | 'compaction'
  | 'completion'
  | 'embedding'
  | 'image'
  | 'speech'
  | 'transcription'
  | 'translation'
  | 'moderation'
  | 'decision';

const ENDPOINTS: Record<string, SurfaceName> = {
  'chat/completions': 'chat',
  responses: 'response',
  'responses/compact': 'compaction',
  completions: 'completion',
  embeddings: 'embedding',
  'images/generations': 'image',
  'images/edits': 'image',
  'images/variations': 'image',
  'audio/speech': 'speech',
  'audio/transcriptions': 'transcription',
  'audio/translations': 'translation',
  moderations: 'moderation',
  decisions: 'decision',
};

// Compatible servers put the same endpoints below other roots (`/openai/v1/…`, `/deployments/x/…`, a whole URL).
const ENDPOINT =
  /(?:^|\/)(chat\/completions|responses(?:\/compact)?|completions|embeddings|images\/(?:generations|edits|variations)|audio\/(?:speech|transcriptions|translations)|moderations|decisions)\/?(?:[?#].*)?$/;

const BACKGROUND = /(?:^|\/)responses\/([^/?#]+)(?:\/cancel)?\/?(?:[?#].*)?$/;

const known = new Map<string, SurfaceName>(
  Object.entries(ENDPOINTS).map(([path, name]) => [`/${path}`, name]),
);

/** The model endpoint a POST to `path` reaches, or undefined for everything that is not a model call. */
export function surfaceOf(path: unknown): SurfaceName | undefined {
  if (typeof path !== 'string') return undefined;
  const exact = known.get(path);
  if (exact) return exact;
  const match = ENDPOINT.exec(path);
  return match ? ENDPOINTS[match[1] as string] : undefined;
}

/** The response id in `/responses/{id}` and `/responses/{id}/cancel`. */
export function responseIdOf(path: unknown): string | undefined {
  if (typeof path !== 'string') return undefined;
  const match = BACKGROUND.exec(path);
  return match ? decodeId(match[1] as string) : undefined;
}

function decodeId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
