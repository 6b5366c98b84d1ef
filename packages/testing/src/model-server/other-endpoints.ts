import type { NextId } from './answer.js';
import type { Delivery } from './delivery.js';
import type { ModelRequest } from './request.js';

/** Models that `GET /models` lists. */
const MODELS = [
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-4.1',
  'gpt-5',
  'gpt-5-mini',
  'o4-mini',
  'text-embedding-3-small',
];

const DEFAULT_DIMENSIONS = 8;
const CREATED = 1_735_689_600;

// A 1 × 1 transparent PNG.
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/** The default answers of endpoints that a script seldom cares about. Returns false for a path it does not know. */
export async function answerOther(
  request: ModelRequest,
  deliver: Delivery,
  nextId: NextId,
): Promise<boolean> {
  switch (request.endpoint) {
    case 'embeddings':
      await deliver.json(200, embeddings(request));
      return true;
    case 'models':
      await models(request, deliver);
      return true;
    case 'images':
      await images(request, deliver);
      return true;
    case 'speech':
      await deliver.bytes('audio/mpeg', Buffer.from(`ID3 ${String(request.body?.input ?? '')}`));
      return true;
    case 'transcriptions':
      await transcription(request, deliver);
      return true;
    case 'moderations':
      await deliver.json(200, moderation(request, nextId));
      return true;
    default:
      return false;
  }
}

function embeddings(request: ModelRequest) {
  const input = request.body?.input;
  const texts = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  const dimensions =
    typeof request.body?.dimensions === 'number' ? request.body.dimensions : DEFAULT_DIMENSIONS;
  // The client asks for base64 on its own and decodes it, so that is the common case.
  const base64 = request.body?.encoding_format === 'base64';
  const prompt_tokens = Math.ceil(JSON.stringify(texts).length / 4);
  return {
    object: 'list',
    data: texts.map((text, index) => {
      const vector = embed(typeof text === 'string' ? text : JSON.stringify(text), dimensions);
      const embedding = base64 ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector);
      return { object: 'embedding', index, embedding };
    }),
    model: request.model,
    usage: { prompt_tokens, total_tokens: prompt_tokens },
  };
}

/** The same text gives the same unit vector, similar texts similar ones: enough for a retrieval test. */
function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/\w+/g) ?? ['']) {
    let hash = 2_166_136_261;
    for (const character of word) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0;
    vector[hash % dimensions]! += 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

async function models(request: ModelRequest, deliver: Delivery): Promise<void> {
  const model = (id: string) => ({ id, object: 'model', created: CREATED, owned_by: 'openai' });
  const id = decodeURIComponent(request.path.split('/')[2] ?? '');
  await deliver.json(200, id ? model(id) : { object: 'list', data: MODELS.map(model) });
}

async function images(request: ModelRequest, deliver: Delivery): Promise<void> {
  const usage = {
    input_tokens: 12,
    input_tokens_details: { image_tokens: 0, text_tokens: 12 },
    output_tokens: 272,
    total_tokens: 284,
  };
  if (request.stream) {
    const image = {
      b64_json: PIXEL,
      background: 'opaque',
      created_at: CREATED,
      output_format: 'png',
      quality: 'low',
      size: '1024x1024',
    };
    const events = [
      { type: 'image_generation.partial_image', partial_image_index: 0, ...image },
      { type: 'image_generation.completed', ...image, usage },
    ];
    await deliver.events(events, { named: true, done: false });
    return;
  }
  const n = typeof request.body?.n === 'number' ? request.body.n : 1;
  const image =
    request.body?.response_format === 'url' ? { url: 'https://example.com/image.png' } : { b64_json: PIXEL };
  await deliver.json(200, { created: CREATED, data: Array.from({ length: n }, () => image), usage });
}

async function transcription(request: ModelRequest, deliver: Delivery): Promise<void> {
  const text = 'Hello from the recording.';
  const usage = {
    type: 'tokens',
    input_tokens: 14,
    input_token_details: { text_tokens: 0, audio_tokens: 14 },
    output_tokens: 6,
    total_tokens: 20,
  };
  if (request.stream) {
    const words = text.match(/\s*\S+/g) ?? [];
    const events = [
      ...words.map((delta) => ({ type: 'transcript.text.delta', delta })),
      { type: 'transcript.text.done', text, usage },
    ];
    await deliver.events(events, { named: false, done: true });
    return;
  }
  if (request.body?.response_format === 'text') {
    await deliver.raw(
      { body: `${text}\n`, headers: { 'content-type': 'text/plain; charset=utf-8' } },
      { named: false, done: false },
    );
    return;
  }
  await deliver.json(200, { text, usage });
}

function moderation(request: ModelRequest, nextId: NextId) {
  const input = request.body?.input;
  const categories = { harassment: false, hate: false, 'self-harm': false, sexual: false, violence: false };
  const scores = Object.fromEntries(Object.keys(categories).map((name) => [name, 0.0001]));
  const result = { flagged: false, categories, category_scores: scores };
  return {
    id: nextId('modr-'),
    model: request.model || 'omni-moderation-latest',
    results: (Array.isArray(input) ? input : [input]).map(() => result),
  };
}
