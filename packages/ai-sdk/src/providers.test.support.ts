import type { Major } from './majors.test.support.js';

type Provider = 'openai' | 'anthropic' | 'google';
type Fetch = typeof fetch;
type Models = Record<string, (modelId: string) => Record<string, unknown>>;
type Create = (options: { apiKey: string; fetch: Fetch }) => Models;

/** The real provider packages, in the major that belongs to a major of the SDK. */
const PACKAGES: Record<Provider, Record<Major, () => Promise<Record<string, unknown>>>> = {
  openai: {
    5: () => import('@ai-sdk/openai-v2'),
    6: () => import('@ai-sdk/openai-v3'),
    7: () => import('@ai-sdk/openai'),
  },
  anthropic: {
    5: () => import('@ai-sdk/anthropic-v2'),
    6: () => import('@ai-sdk/anthropic-v3'),
    7: () => import('@ai-sdk/anthropic'),
  },
  google: {
    5: () => import('@ai-sdk/google-v2'),
    6: () => import('@ai-sdk/google-v3'),
    7: () => import('@ai-sdk/google'),
  },
};

const CREATE = { openai: 'createOpenAI', anthropic: 'createAnthropic', google: 'createGoogleGenerativeAI' };

/** What a provider's server answers: one body, or the payloads of a stream. */
export interface Recording {
  json: unknown;
  events: readonly object[];
}

/** A provider of a major whose requests are answered from a recording. */
export async function provider(
  name: Provider,
  major: Major,
  recording: Recording,
  wrapFetch = (fetch: Fetch) => fetch,
): Promise<Models> {
  const create = (await PACKAGES[name][major]())[CREATE[name]] as Create;
  const answer: Fetch = async (_url, init) => {
    const body = JSON.parse(String(init?.body ?? '{}')) as { stream?: boolean };
    const streamed = body.stream === true || String(_url).includes('streamGenerateContent');
    if (!streamed) return Response.json(recording.json);
    const lines = recording.events.map((event) => {
      const type = (event as { type?: string }).type;
      return `${name === 'google' || !type ? '' : `event: ${type}\n`}data: ${JSON.stringify(event)}\n\n`;
    });
    if (name === 'openai') lines.push('data: [DONE]\n\n');
    return new Response(lines.join(''), { headers: { 'content-type': 'text/event-stream' } });
  };
  return create({ apiKey: 'test', fetch: wrapFetch(answer) });
}

const OPENAI_USAGE = {
  prompt_tokens: 120,
  completion_tokens: 50,
  total_tokens: 170,
  prompt_tokens_details: { cached_tokens: 100 },
  completion_tokens_details: { reasoning_tokens: 20 },
};

const openAiChunk = (delta: object, rest: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-5-2026-01-01',
  choices: [{ index: 0, delta, finish_reason: null, ...rest }],
});

export const OPENAI_CHAT: Recording = {
  json: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-5-2026-01-01',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Sunny' }, finish_reason: 'stop' }],
    usage: OPENAI_USAGE,
  },
  events: [
    openAiChunk({ role: 'assistant', content: '' }),
    openAiChunk({ content: 'Sun' }),
    openAiChunk({ content: 'ny' }),
    openAiChunk({}, { finish_reason: 'stop' }),
    { ...openAiChunk({}), choices: [], usage: OPENAI_USAGE },
  ],
};

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'gpt-5-2026-01-01',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Sunny', annotations: [] }],
    },
  ],
  incomplete_details: null,
  usage: {
    input_tokens: 120,
    input_tokens_details: { cached_tokens: 100 },
    output_tokens: 50,
    output_tokens_details: { reasoning_tokens: 20 },
    total_tokens: 170,
  },
};

const [MESSAGE] = RESPONSE.output;
export const OPENAI_RESPONSES: Recording = {
  json: RESPONSE,
  events: [
    { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [] } },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...MESSAGE, status: 'in_progress', content: [] },
    },
    { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'Sun' },
    { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'ny' },
    { type: 'response.output_item.done', output_index: 0, item: MESSAGE },
    { type: 'response.completed', response: RESPONSE },
  ].map((event, sequence_number) => ({ ...event, sequence_number })),
};

const ANTHROPIC_USAGE = {
  input_tokens: 6,
  cache_read_input_tokens: 6289,
  cache_creation_input_tokens: 3337,
  output_tokens: 42,
};

export const ANTHROPIC: Recording = {
  json: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-5-20260101',
    content: [{ type: 'text', text: 'Sunny' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: ANTHROPIC_USAGE,
  },
  events: [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-opus-5-20260101',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...ANTHROPIC_USAGE, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Sun' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ny' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 42 },
    },
    { type: 'message_stop' },
  ],
};

const googleChunk = (parts: object[], rest: object = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...rest }],
  modelVersion: 'gemini-3-pro-001',
  responseId: 'google-1',
});
const GOOGLE_USAGE = {
  usageMetadata: {
    promptTokenCount: 100,
    cachedContentTokenCount: 80,
    candidatesTokenCount: 29,
    thoughtsTokenCount: 282,
    totalTokenCount: 411,
  },
};

export const GOOGLE: Recording = {
  json: { ...googleChunk([{ text: 'Sunny' }], { finishReason: 'STOP' }), ...GOOGLE_USAGE },
  events: [
    googleChunk([{ text: 'Sun' }]),
    { ...googleChunk([{ text: 'ny' }], { finishReason: 'STOP' }), ...GOOGLE_USAGE },
  ],
};
