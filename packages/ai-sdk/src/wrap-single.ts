import { type Scope, shared } from '@observatory/core/recorder';
import { type Fields, isFields, text } from './plain.js';
import { record } from './record.js';
import { callWith } from './sdk-call.js';
import { resolveModel, watchModel } from './watch-model.js';
import { settle } from './wrap-object.js';

type Sdk = (options: Fields) => unknown;

interface Single {
  operation: string;
  /** Which method of a provider makes the model. */
  model: string;
  /** What its steps are; embeddings and rankings say so themselves. */
  kind?: string;
}

/** Functions of the SDK that make one answer from one input. */
export const SINGLES: Record<string, Single> = {
  embed: { operation: 'ai.embed', model: 'embeddingModel' },
  embedMany: { operation: 'ai.embedMany', model: 'embeddingModel' },
  rerank: { operation: 'ai.rerank', model: 'rerankingModel' },
  generateImage: { operation: 'ai.generateImage', model: 'imageModel', kind: 'image' },
  experimental_generateImage: { operation: 'ai.generateImage', model: 'imageModel', kind: 'image' },
  generateVideo: { operation: 'ai.generateVideo', model: 'videoModel', kind: 'video' },
  experimental_generateVideo: { operation: 'ai.generateVideo', model: 'videoModel', kind: 'video' },
  generateSpeech: { operation: 'ai.generateSpeech', model: 'speechModel', kind: 'speech' },
  experimental_generateSpeech: { operation: 'ai.generateSpeech', model: 'speechModel', kind: 'speech' },
  transcribe: { operation: 'ai.transcribe', model: 'transcriptionModel', kind: 'transcription' },
  experimental_transcribe: { operation: 'ai.transcribe', model: 'transcriptionModel', kind: 'transcription' },
};

/** Of these SDK 7 tells its integrations. Of speech and transcription it does so only since 7.0.124, of images never. */
export const TOLD_IN_7 = new Set(['embed', 'embedMany', 'rerank']);

/** Places in which a call is recorded already, whatever else is heard of it. */
const places = shared('ai-sdk.places', () => new WeakSet<object>());

export const isRecordedHere = (): boolean => {
  const scope = record.scope();
  return scope !== undefined && places.has(scope);
};

export function wrapSingle({ operation, model, kind }: Single, original: Sdk, ai: Fields): Sdk {
  return (options) => {
    const call = isFields(options) ? callWith(operation, options) : undefined;
    if (!call) return original(options);
    const resolved = resolveModel(options.model, model, ai);
    const place: Scope = { run: call.run };
    places.add(place);
    return settle(
      call,
      () => record.within(place, () => original({ ...options, model: watchModel(resolved, call, kind) })),
      (result) => (kind === 'transcription' ? text(result.text) : undefined),
    );
  };
}
