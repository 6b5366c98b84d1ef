import { type Answer, type AnswerChoice, deltas, type NextId, type TokenCounts, whole } from './answer.js';
import type { ModelRequest, RequestBody } from './request.js';

type Json = Record<string, unknown>;

/** An output item with the events that build it up, between `output_item.added` and `output_item.done`. */
interface BuiltItem {
  added: Json;
  done: () => Json;
  events: (outputIndex: number) => Iterable<Json>;
}

/** The events of a response in order. The last one carries the whole response, which is also the body of a plain answer. */
export function* responseEvents(answer: Answer, request: ModelRequest, nextId: NextId): Generator<Json> {
  let sequence = 0;
  const event = (type: string, members: Json): Json => ({ type, sequence_number: sequence++, ...members });
  const background = request.body?.background === true;
  const early = responseObject(answer, request.body, background ? 'queued' : 'in_progress', []);
  yield event('response.created', { response: early });
  if (background) yield event('response.queued', { response: early });
  yield event('response.in_progress', { response: { ...early, status: 'in_progress' } });

  const output: Json[] = [];
  for (const item of builtItems(answer, nextId)) {
    const output_index = output.length;
    yield event('response.output_item.added', { output_index, item: item.added });
    for (const { type, ...members } of item.events(output_index)) yield event(type as string, members);
    const done = item.done();
    yield event('response.output_item.done', { output_index, item: done });
    output.push(done);
  }
  const status = endStatus(answer);
  const response = responseObject(answer, request.body, status, output);
  if (answer.choices[0]?.finishReason === null) return;
  yield event(status === 'cancelled' ? 'response.failed' : `response.${status}`, { response });
}

/** The response object as it stands at `status`. */
export function responseObject(
  answer: Answer,
  body: RequestBody | undefined,
  status: string,
  output: Json[],
): Json {
  const ended = status !== 'in_progress' && status !== 'queued';
  const usage = ended ? answer.usage() : undefined;
  const failure = answer.reply.failure ?? {
    code: 'server_error',
    message: 'The model failed to generate a response.',
  };
  const finish = answer.choices[0]?.finishReason;
  const reasoning = isObject(body?.reasoning) ? body.reasoning : {};
  return {
    id: answer.id,
    object: 'response',
    created_at: answer.created,
    status,
    background: body?.background === true,
    error: status === 'failed' ? failure : null,
    incomplete_details:
      status === 'incomplete' ? { reason: finish === 'content_filter' ? finish : 'max_output_tokens' } : null,
    instructions: body?.instructions ?? null,
    max_output_tokens: body?.max_output_tokens ?? null,
    max_tool_calls: body?.max_tool_calls ?? null,
    model: answer.model,
    output,
    parallel_tool_calls: body?.parallel_tool_calls ?? true,
    previous_response_id: body?.previous_response_id ?? null,
    ...(body?.conversation !== undefined && { conversation: conversationOf(body.conversation) }),
    prompt_cache_key: body?.prompt_cache_key ?? null,
    reasoning: { effort: reasoning.effort ?? null, summary: reasoning.summary ?? null },
    safety_identifier: body?.safety_identifier ?? null,
    service_tier: ended ? (answer.reply.serviceTier ?? 'default') : 'auto',
    store: body?.store ?? true,
    temperature: body?.temperature ?? 1,
    text: isObject(body?.text) ? body.text : { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: body?.tool_choice ?? 'auto',
    tools: body?.tools ?? [],
    top_logprobs: 0,
    top_p: body?.top_p ?? 1,
    truncation: body?.truncation ?? 'disabled',
    usage: usage ? responseUsage(usage) : null,
    user: body?.user ?? null,
    metadata: body?.metadata ?? {},
  };
}

export function responseUsage(counts: TokenCounts): Json {
  return {
    input_tokens: counts.prompt,
    input_tokens_details: {
      cached_tokens: counts.cached,
      ...(counts.cacheWrite > 0 && { cache_write_tokens: counts.cacheWrite }),
    },
    output_tokens: counts.completion,
    output_tokens_details: { reasoning_tokens: counts.reasoning },
    total_tokens: counts.prompt + counts.completion,
  };
}

function endStatus(answer: Answer): string {
  const finish = answer.choices[0]?.finishReason;
  const cutShort = finish === 'length' || finish === 'content_filter';
  return answer.reply.status ?? (cutShort ? 'incomplete' : 'completed');
}

function* builtItems(answer: Answer, nextId: NextId): Generator<BuiltItem> {
  const [choice] = answer.choices;
  if (!choice) return;
  if (choice.reasoning !== undefined) yield reasoningItem(choice.reasoning, nextId('rs_'));
  for (const item of answer.reply.items ?? []) yield hostedItem(item, nextId);
  if (choice.text !== undefined || choice.refusal !== undefined)
    yield messageItem(choice, answer, nextId('msg_'));
  for (const call of choice.toolCalls) {
    const custom = call.type === 'custom';
    const field = custom ? 'input' : 'arguments';
    const kind = custom ? 'custom_tool_call_input' : 'function_call_arguments';
    const id = nextId(custom ? 'ctc_' : 'fc_');
    const base = { id, type: custom ? 'custom_tool_call' : 'function_call' };
    const target = { call_id: call.id, name: call.name };
    yield {
      added: { ...base, status: 'in_progress', [field]: '', ...target },
      done: () => ({ ...base, status: 'completed', [field]: call.argsText, ...target }),
      *events(output_index) {
        for (const delta of call.deltas)
          yield { type: `response.${kind}.delta`, item_id: id, output_index, delta };
        yield { type: `response.${kind}.done`, item_id: id, output_index, [field]: call.argsText };
      },
    };
  }
}

function reasoningItem(reasoning: string | Iterable<string>, id: string): BuiltItem {
  let text = '';
  const part = () => ({ type: 'summary_text', text });
  return {
    added: { id, type: 'reasoning', summary: [] },
    done: () => ({ id, type: 'reasoning', summary: [part()] }),
    *events(output_index) {
      const at = { item_id: id, output_index, summary_index: 0 };
      yield { type: 'response.reasoning_summary_part.added', ...at, part: part() };
      for (const delta of deltas(reasoning)) {
        text += delta;
        yield { type: 'response.reasoning_summary_text.delta', ...at, delta };
      }
      yield { type: 'response.reasoning_summary_text.done', ...at, text };
      yield { type: 'response.reasoning_summary_part.done', ...at, part: part() };
    },
  };
}

function hostedItem(item: Json, nextId: NextId): BuiltItem {
  const type = String(item.type);
  const id = typeof item.id === 'string' ? item.id : nextId(`${type.slice(0, 2)}_`);
  const isCall = type.endsWith('_call');
  const done = { id, ...(isCall && { status: 'completed' }), ...item };
  return {
    added: isCall ? { id, type, status: 'in_progress' } : done,
    done: () => done,
    *events(output_index) {
      if (!isCall) return;
      yield { type: `response.${type}.in_progress`, output_index, item_id: id };
      yield { type: `response.${type}.completed`, output_index, item_id: id };
    },
  };
}

function messageItem(choice: AnswerChoice, answer: Answer, id: string): BuiltItem {
  const parts: Json[] = [];
  // An answer that ran out of tokens leaves its last message unfinished too.
  const status = endStatus(answer) === 'incomplete' ? 'incomplete' : 'completed';
  return {
    added: { id, type: 'message', status: 'in_progress', content: [], role: 'assistant' },
    done: () => ({ id, type: 'message', status, content: parts, role: 'assistant' }),
    *events(output_index) {
      const annotations = choice.annotations ?? [];
      if (choice.text !== undefined) {
        const at = { item_id: id, output_index, content_index: parts.length };
        const part = (text: string) => ({ type: 'output_text', annotations, logprobs: [], text });
        let text = '';
        yield { type: 'response.content_part.added', ...at, part: { ...part(''), annotations: [] } };
        for (const delta of deltas(choice.text)) {
          text += delta;
          yield { type: 'response.output_text.delta', ...at, delta, logprobs: [] };
        }
        for (const [annotation_index, annotation] of annotations.entries()) {
          yield { type: 'response.output_text.annotation.added', ...at, annotation_index, annotation };
        }
        yield { type: 'response.output_text.done', ...at, text, logprobs: [] };
        yield { type: 'response.content_part.done', ...at, part: part(text) };
        parts.push(part(text));
      }
      if (choice.refusal !== undefined) {
        const at = { item_id: id, output_index, content_index: parts.length };
        const refusal = whole(choice.refusal);
        yield { type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } };
        for (const delta of deltas(refusal)) yield { type: 'response.refusal.delta', ...at, delta };
        yield { type: 'response.refusal.done', ...at, refusal };
        yield { type: 'response.content_part.done', ...at, part: { type: 'refusal', refusal } };
        parts.push({ type: 'refusal', refusal });
      }
    },
  };
}

function conversationOf(conversation: unknown): unknown {
  return typeof conversation === 'string' ? { id: conversation } : conversation;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
