import {
  type Answer,
  type AnswerChoice,
  type AnswerToolCall,
  deltas,
  type TokenCounts,
  whole,
} from './answer.js';
import type { ModelRequest } from './request.js';

type Json = Record<string, unknown>;

const FINGERPRINTS: Partial<Record<string, string | null>> = { ollama: 'fp_ollama', azure: null };

const AZURE_FILTERS = {
  hate: { filtered: false, severity: 'safe' },
  self_harm: { filtered: false, severity: 'safe' },
  sexual: { filtered: false, severity: 'safe' },
  violence: { filtered: false, severity: 'safe' },
};

/** The body of a plain `POST /chat/completions`. */
export function chatCompletion(answer: Answer): Json {
  const choices = answer.choices.map((choice, index) => ({
    index,
    message: message(choice, answer),
    logprobs: choice.logprobs ?? null,
    finish_reason: choice.finishReason,
    ...(answer.reply.habit === 'azure' && { content_filter_results: AZURE_FILTERS }),
  }));
  const usage = answer.usage();
  return {
    id: answer.id,
    object: 'chat.completion',
    created: answer.created,
    model: answer.model,
    choices,
    ...(usage && { usage: chatUsage(usage) }),
    service_tier: answer.reply.serviceTier ?? 'default',
    system_fingerprint: fingerprint(answer),
  };
}

/** The payloads of a streamed `POST /chat/completions`, without the closing `[DONE]`. */
export function* chatChunks(answer: Answer, request: ModelRequest): Generator<Json> {
  const { reply } = answer;
  const asked = request.body?.stream_options?.include_usage === true;
  const everyChunk = reply.usage?.everyChunk === true || reply.habit === 'gemini';
  const chunk = (choices: Json[], more: Json = {}): Json => {
    const usage = everyChunk ? answer.usage() : undefined;
    return {
      id: answer.id,
      object: 'chat.completion.chunk',
      created: answer.created,
      model: answer.model,
      service_tier: reply.serviceTier ?? 'default',
      system_fingerprint: fingerprint(answer),
      choices,
      ...(usage ? { usage: chatUsage(usage) } : asked && { usage: null }),
      ...more,
    };
  };
  const choice = (index: number, delta: Json, finish: string | null = null): Json => ({
    index,
    delta,
    logprobs: null,
    finish_reason: finish,
    ...(reply.habit === 'azure' && { content_filter_results: 'content' in delta ? AZURE_FILTERS : {} }),
  });

  if (reply.habit === 'azure') {
    const filters = [{ prompt_index: 0, content_filter_results: AZURE_FILTERS }];
    yield { choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: filters };
  }
  // Choices arrive interleaved, one delta each in turn.
  let open = answer.choices.map((each, index) => ({ index, deltas: choiceDeltas(each, answer) }));
  while (open.length > 0) {
    const still: typeof open = [];
    for (const each of open) {
      const next = each.deltas.next();
      if (next.done) continue;
      yield chunk([{ ...choice(each.index, next.value) }]);
      still.push(each);
    }
    open = still;
  }
  const usage = answer.usage();
  for (const [index, each] of answer.choices.entries()) {
    if (each.finishReason === null) continue;
    const last = index === answer.choices.length - 1;
    const groq = reply.habit === 'groq' && last && usage;
    yield chunk(
      [
        {
          ...choice(index, {}, each.finishReason),
          ...(each.logprobs !== undefined && { logprobs: each.logprobs }),
        },
      ],
      groq ? { x_groq: { id: 'req_groq', usage: chatUsage(usage) } } : {},
    );
  }
  if (asked && usage && reply.habit !== 'gemini') yield chunk([], { usage: chatUsage(usage) });
}

export function chatUsage(counts: TokenCounts): Json {
  return {
    prompt_tokens: counts.prompt,
    completion_tokens: counts.completion,
    total_tokens: counts.prompt + counts.completion,
    prompt_tokens_details: {
      cached_tokens: counts.cached,
      audio_tokens: counts.audioPrompt,
      ...(counts.cacheWrite > 0 && { cache_write_tokens: counts.cacheWrite }),
    },
    completion_tokens_details: {
      reasoning_tokens: counts.reasoning,
      audio_tokens: counts.audioCompletion,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function message(choice: AnswerChoice, answer: Answer): Json {
  const { text, refusal, reasoning, audio, functionCall, toolCalls } = choice;
  return {
    role: 'assistant',
    content: text === undefined ? null : whole(text),
    ...(reasoning !== undefined && { [choice.reasoningField ?? 'reasoning_content']: whole(reasoning) }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls.map((call) => wholeCall(call, answer)) }),
    ...(functionCall && {
      function_call: { name: functionCall.name, arguments: argsText(functionCall.args) },
    }),
    ...(audio && {
      audio: {
        id: audio.id ?? 'audio_1',
        data: audio.data,
        expires_at: answer.created + 3600,
        transcript: audio.transcript,
      },
    }),
    refusal: refusal === undefined ? null : whole(refusal),
    annotations: choice.annotations ?? [],
  };
}

function* choiceDeltas(choice: AnswerChoice, answer: Answer): Generator<Json> {
  const { habit } = answer.reply;
  const { text, reasoning, refusal, audio, functionCall, toolCalls } = choice;
  yield { role: 'assistant', content: text === undefined ? null : '', refusal: null };
  const field = choice.reasoningField ?? 'reasoning_content';
  for (const piece of deltas(reasoning ?? '')) yield { [field]: piece };
  for (const piece of deltas(text ?? '')) yield { content: piece };
  for (const piece of deltas(refusal ?? '')) yield { refusal: piece };
  if (audio) {
    const id = audio.id ?? 'audio_1';
    for (const piece of deltas(audio.transcript)) yield { audio: { id, transcript: piece } };
    yield { audio: { id, data: audio.data } };
    yield { audio: { id, expires_at: answer.created + 3600 } };
  }
  if (functionCall) {
    yield { function_call: { name: functionCall.name, arguments: '' } };
    yield { function_call: { arguments: argsText(functionCall.args) } };
  }
  if (habit === 'ollama' || habit === 'gemini') {
    for (const call of toolCalls)
      yield { role: 'assistant', content: '', tool_calls: [wholeCall(call, answer)] };
    return;
  }
  yield* toolCallDeltas(toolCalls, choice.interleave === true);
}

function* toolCallDeltas(calls: AnswerToolCall[], interleave: boolean): Generator<Json> {
  const part = (index: number, members: Json): Json => ({ tool_calls: [{ index, ...members }] });
  const head = (call: AnswerToolCall, index: number): Json =>
    call.type === 'custom'
      ? part(index, { id: call.id, type: 'custom', custom: { name: call.name, input: '' } })
      : part(index, { id: call.id, type: 'function', function: { name: call.name, arguments: '' } });
  const piece = (call: AnswerToolCall, index: number, delta: string): Json =>
    call.type === 'custom'
      ? part(index, { custom: { input: delta } })
      : part(index, { function: { arguments: delta } });
  if (!interleave) {
    for (const [index, call] of calls.entries()) {
      yield head(call, index);
      for (const delta of call.deltas) yield piece(call, index, delta);
    }
    return;
  }
  for (const [index, call] of calls.entries()) yield head(call, index);
  const longest = Math.max(0, ...calls.map((call) => call.deltas.length));
  for (let round = 0; round < longest; round++) {
    for (const [index, call] of calls.entries()) {
      const delta = call.deltas[round];
      if (delta !== undefined) yield piece(call, index, delta);
    }
  }
}

function wholeCall(call: AnswerToolCall, answer: Answer): Json {
  return {
    id: call.id,
    ...(answer.reply.habit === 'ollama' && { index: 0 }),
    ...(call.type === 'custom'
      ? { type: 'custom', custom: { name: call.name, input: call.argsText } }
      : { type: 'function', function: { name: call.name, arguments: call.argsText } }),
  };
}

function argsText(args: unknown): string {
  return typeof args === 'string' ? args : JSON.stringify(args);
}

function fingerprint(answer: Answer): string | null {
  const { habit = 'openai' } = answer.reply;
  return habit in FINGERPRINTS ? (FINGERPRINTS[habit] ?? null) : 'fp_0b5ca7a7e1';
}
