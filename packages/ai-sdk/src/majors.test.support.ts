/** The SDK in every version the adapter is tested with, as a test uses it: loosely typed, because their types differ. */
export type Options = Record<string, unknown>;

export interface TextResult {
  text: string;
  steps: { content: unknown[]; usage: Record<string, unknown>; finishReason: string; text: string }[];
  finishReason: string;
  usage: Record<string, unknown>;
  totalUsage: Record<string, unknown>;
  content: unknown[];
  output: unknown;
  response: { messages: Message[] };
}

type Message = Record<string, unknown>;

export interface StreamResult {
  text: PromiseLike<string>;
  steps: PromiseLike<TextResult['steps']>;
  output: PromiseLike<unknown>;
  fullStream: AsyncIterable<Record<string, unknown>>;
  textStream: ReadableStream<string> & AsyncIterable<string>;
  consumeStream(options?: { onError?: (error: unknown) => void }): Promise<void>;
  toUIMessageStreamResponse(options?: Options): Response;
  toTextStreamResponse(): Response;
}

export interface ObjectStreamResult {
  object: PromiseLike<unknown>;
  partialObjectStream: AsyncIterable<unknown>;
  fullStream: AsyncIterable<Record<string, unknown>>;
}

interface Agent {
  generate(options: Options): Promise<TextResult>;
  stream(options: Options): Promise<StreamResult> | StreamResult;
}

export interface Sdk {
  generateText(options: Options): Promise<TextResult>;
  streamText(options: Options): StreamResult;
  generateObject(options: Options): Promise<{ object: unknown }>;
  streamObject(options: Options): ObjectStreamResult;
  embed(options: Options): Promise<{ embedding: number[] }>;
  embedMany(options: Options): Promise<{ embeddings: number[][] }>;
  rerank(options: Options): Promise<{ ranking: unknown[] }>;
  generateImage(options: Options): Promise<{ images: unknown[] }>;
  experimental_generateImage(options: Options): Promise<{ images: unknown[] }>;
  experimental_generateSpeech(options: Options): Promise<{ audio: unknown }>;
  experimental_transcribe(options: Options): Promise<{ text: string }>;
  generateSpeech(options: Options): Promise<{ audio: unknown }>;
  transcribe(options: Options): Promise<{ text: string }>;
  Experimental_Agent: new (settings: Options) => Agent;
  ToolLoopAgent: new (settings: Options) => Agent;
  Output: { object(options: Options): unknown };
  tool<T>(definition: T): T;
  jsonSchema(schema: Options): unknown;
  stepCountIs(steps: number): unknown;
  wrapLanguageModel(options: Options): unknown;
  registerTelemetry(...integrations: unknown[]): void;
}

export type Major = 5 | 6 | 7;

export interface Version {
  readonly version: string;
  readonly major: Major;
  load(): Promise<Sdk>;
}

const sdk = async (module: Promise<unknown>): Promise<Sdk> => (await module) as Sdk;

export const VERSIONS: readonly Version[] = [
  { version: '5.0.0', major: 5, load: () => sdk(import('ai-5.0.0')) },
  { version: '5.0.277', major: 5, load: () => sdk(import('ai-5.0.277')) },
  { version: '6.0.0', major: 6, load: () => sdk(import('ai-6.0.0')) },
  { version: '6.0.110', major: 6, load: () => sdk(import('ai-6.0.110')) },
  { version: '6.0.111', major: 6, load: () => sdk(import('ai-6.0.111')) },
  { version: '6.0.326', major: 6, load: () => sdk(import('ai-6.0.326')) },
  { version: '7.0.0', major: 7, load: () => sdk(import('ai-7.0.0')) },
  { version: '7.0.100', major: 7, load: () => sdk(import('ai-7.0.100')) },
  { version: '7.0.173', major: 7, load: () => sdk(import('ai')) },
];

/** Whether `version` is at least `wanted`. */
export function since(version: string, wanted: string): boolean {
  const [a, b] = [version, wanted].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The name of the option that carries `observe()`. */
export const telemetryOption = (major: Major): string =>
  major === 7 ? 'telemetry' : 'experimental_telemetry';
