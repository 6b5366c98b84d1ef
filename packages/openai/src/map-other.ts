import type { Message, StepFields } from '@observatory/core/recorder';
import { type Accumulator, type Answer, emptyAnswer, type Mapping } from './answer.js';
import { base64Bytes, withoutBinary } from './binary.js';
import { ChatStream } from './chat-stream.js';
import { describeCompletion, text } from './map-chat.js';
import { describeResponse, inputMessages } from './map-responses.js';
import { type Bag, isBag } from './own-data.js';
import type { RequestBody } from './request-body.js';
import type { SurfaceName } from './surface.js';
import { TextBuffer } from './text-buffer.js';

const said = (content: unknown): Message[] =>
  content === undefined ? [] : [{ role: 'user', content: withoutBinary(content) }];

/** The request's `member` as one user message. */
const inputFrom =
  (member: string) =>
  (body: RequestBody): StepFields => ({ messages: body.later((sent) => said(sent[member])) });

const list = (value: unknown): Bag[] => (Array.isArray(value) ? value.filter(isBag) : []);

const reply = (content: unknown): Message => ({ role: 'assistant', content });

function describe(answer: Answer, value: Bag): void {
  describeCompletion(answer, value);
}

/** One endpoint without streaming. */
function plain(
  kind: string,
  member: string,
  countsTokens: boolean,
  read: (answer: Answer, value: unknown) => void,
): Mapping {
  const answerOf = (value: unknown) => {
    const answer = emptyAnswer(countsTokens);
    if (isBag(value)) describe(answer, value);
    read(answer, value);
    return answer;
  };
  return {
    kind,
    input: inputFrom(member),
    answer: answerOf,
    accumulate: () => new LastEvent(answerOf, countsTokens),
  };
}

/** Streams of files and transcripts: deltas of text, and a last event that brings the result and the usage. */
class LastEvent implements Accumulator {
  readonly #text = new TextBuffer();
  readonly #answerOf: (value: unknown) => Answer;
  readonly #countsTokens: boolean;
  #last: Bag | undefined;
  #events = 0;
  finished = false;

  constructor(answerOf: (value: unknown) => Answer, countsTokens: boolean) {
    this.#answerOf = answerOf;
    this.#countsTokens = countsTokens;
  }

  add(event: unknown): boolean {
    if (!isBag(event)) return false;
    this.#events++;
    const type = text(event.type) ?? '';
    if (/\.(?:done|completed)$/.test(type)) {
      this.#last = withoutBinary(event);
      this.finished = true;
    }
    if (typeof event.delta === 'string') {
      this.#text.add(event.delta);
      return event.delta !== '';
    }
    return /partial_image|audio\.delta/.test(type);
  }

  answer(): Answer {
    const answer = this.#last ? this.#answerOf(this.#last) : emptyAnswer(this.#countsTokens);
    if (!answer.text && this.#text.length > 0) {
      answer.text = String(this.#text);
      answer.output = [reply(answer.text)];
    }
    answer.metadata.events = this.#events;
    return answer;
  }
}

const embedding = plain('embedding', 'input', true, (answer, value) => {
  const vectors = isBag(value) ? list(value.data) : [];
  answer.metadata.embeddings = vectors.length;
  const first = vectors[0]?.embedding;
  if (Array.isArray(first)) answer.metadata.dimensions = first.length;
  // A base64 vector is packed float32.
  else if (typeof first === 'string') answer.metadata.dimensions = Math.floor(base64Bytes(first) / 4);
});

const image = plain('image', 'prompt', false, (answer, value) => {
  if (!isBag(value)) return;
  const images = Array.isArray(value.data) ? list(value.data) : value.b64_json === undefined ? [] : [value];
  answer.metadata.images = images.length;
  for (const member of ['size', 'quality', 'output_format', 'background'])
    if (text(value[member])) answer.metadata[member] = value[member];
  answer.output = images.map((picture) => reply([withoutBinary(picture)]));
  answer.text = text(images[0]?.revised_prompt);
});

const moderation = plain('moderation', 'input', false, (answer, value) => {
  const results = isBag(value) ? list(value.results) : [];
  const flagged = results.filter((result) => result.flagged === true).length;
  answer.metadata.flagged = flagged;
  answer.output = [reply(results)];
  answer.text = `${flagged} of ${results.length} flagged`;
});

const spoken = (kind: string) =>
  plain(kind, 'prompt', false, (answer, value) => {
    const heard = typeof value === 'string' ? text(value) : isBag(value) ? text(value.text) : undefined;
    if (heard === undefined) return;
    answer.text = heard;
    answer.output = [reply(heard)];
    if (isBag(value) && typeof value.duration === 'number') answer.metadata.audio_seconds = value.duration;
  });

const decision = plain('decision', 'input', true, (answer, value) => {
  if (isBag(value)) answer.output = [reply(withoutBinary(value.answers ?? null))];
});

/** The legacy completions endpoint: a prompt, and choices with text. */
const completion: Mapping = {
  kind: 'completion',
  input: inputFrom('prompt'),
  answer(value) {
    const answer = emptyAnswer(true);
    if (!isBag(value)) return answer;
    describe(answer, value);
    const choices = list(value.choices);
    answer.output = choices.map((choice) => reply(choice.text ?? null));
    answer.text = text(choices[0]?.text);
    const reasons = new Set(choices.flatMap((choice) => text(choice.finish_reason) ?? []));
    answer.finishReason = [...reasons].join(', ') || undefined;
    return answer;
  },
  accumulate: () => new ChatStream(),
};

/** `responses/compact`: a shorter history instead of an answer. */
const compaction: Mapping = {
  kind: 'compaction',
  input: (body) => ({ messages: body.later(inputMessages) }),
  answer(value) {
    const answer = emptyAnswer(true);
    if (!isBag(value)) return answer;
    describeResponse(answer, { ...value, status: undefined });
    answer.output = list(value.output).map((item) => ({ role: 'assistant', ...withoutBinary(item) }));
    return answer;
  },
  accumulate: () => new ChatStream(),
};

export const otherMappings: Record<Exclude<SurfaceName, 'chat' | 'response'>, Mapping> = {
  embedding,
  image,
  moderation,
  completion,
  compaction,
  decision,
  speech: plain('speech', 'input', false, () => {}),
  transcription: spoken('transcription'),
  translation: spoken('translation'),
};

/** A binary answer, told from its headers; its body is the host's to read. */
export function binaryAnswer(response: { headers?: { get?: (name: string) => string | null } }): Answer {
  const answer = emptyAnswer(false);
  const header = (name: string) => response.headers?.get?.(name) ?? undefined;
  const type = header('content-type');
  const length = Number(header('content-length'));
  if (type) answer.metadata.content_type = type;
  if (Number.isFinite(length) && length > 0) answer.metadata.content_bytes = length;
  answer.output = [
    reply(`[binary: ${type ?? 'unknown'}, ${length > 0 ? length : 'unknown number of'} bytes]`),
  ];
  return answer;
}

/** Whether the client handed out the response itself. */
export function isBinary(value: unknown): value is { headers?: { get?: (name: string) => string | null } } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { arrayBuffer?: unknown }).arrayBuffer === 'function' &&
    typeof (value as { headers?: unknown }).headers === 'object'
  );
}
