import type { Message } from '@observatory/core/recorder';
import { type Accumulator, type Answer, emptyAnswer } from './answer.js';
import { base64Bytes } from './binary.js';
import { describeCompletion, messageText, requestedCalls, text } from './map-chat.js';
import { type Bag, isBag } from './own-data.js';
import { TextBuffer } from './text-buffer.js';

interface StreamedCall {
  id: string | undefined;
  index: number | undefined;
  type: string | undefined;
  name: string;
  args: TextBuffer;
}

class Choice {
  role = 'assistant';
  content: TextBuffer | undefined;
  refusal: TextBuffer | undefined;
  reasoning: TextBuffer | undefined;
  transcript: TextBuffer | undefined;
  audioBytes = 0;
  calls: StreamedCall[] = [];
  legacy: StreamedCall | undefined;
  finishReason: string | undefined;
}

/** Builds chat messages from chunks. */
export class ChatStream implements Accumulator {
  readonly #choices = new Map<number, Choice>();
  readonly #answer: Answer = emptyAnswer(true);
  #described = false;
  finished = false;

  add(chunk: unknown): boolean {
    if (!isBag(chunk)) return false;
    // Every chunk repeats the id and the model; only the first and those with usage say something new.
    if (!this.#described || chunk.usage || chunk.x_groq) {
      describeCompletion(this.#answer, chunk);
      this.#described = this.#answer.model !== undefined;
    }
    const choices = chunk.choices;
    if (!Array.isArray(choices)) return false;
    let content = false;
    for (let i = 0; i < choices.length; i++) {
      const choice = choices[i];
      if (isBag(choice) && this.#addChoice(choice)) content = true;
    }
    return content;
  }

  #addChoice(streamed: Bag): boolean {
    const index = typeof streamed.index === 'number' ? streamed.index : 0;
    let choice = this.#choices.get(index);
    if (!choice) {
      choice = new Choice();
      this.#choices.set(index, choice);
    }
    if (streamed.finish_reason) {
      choice.finishReason = String(streamed.finish_reason);
      this.finished = true;
    }
    // The legacy completions endpoint streams `text` where chat streams a delta.
    if (typeof streamed.text === 'string' && streamed.text !== '') {
      choice.content ??= new TextBuffer();
      choice.content.add(streamed.text);
      return true;
    }
    const delta = streamed.delta;
    return isBag(delta) ? addDelta(choice, delta) : false;
  }

  answer(): Answer {
    const answer: Answer = { ...this.#answer, metadata: { ...this.#answer.metadata }, calls: [], hosted: [] };
    const output: Message[] = [];
    const reasons: string[] = [];
    for (const [, choice] of [...this.#choices].sort(([a], [b]) => a - b)) {
      const message = messageOf(choice);
      output.push(message);
      answer.calls.push(...requestedCalls(message));
      answer.text ??= messageText(message);
      if (choice.finishReason && !reasons.includes(choice.finishReason)) reasons.push(choice.finishReason);
    }
    answer.output = output;
    answer.finishReason = reasons.join(', ') || undefined;
    return answer;
  }
}

function addDelta(choice: Choice, delta: Bag): boolean {
  let content = false;
  if (typeof delta.content === 'string' && delta.content !== '') {
    choice.content ??= new TextBuffer();
    choice.content.add(delta.content);
    content = true;
  }
  if (delta.role && typeof delta.role === 'string') choice.role = delta.role;
  if (typeof delta.refusal === 'string' && delta.refusal !== '') {
    choice.refusal ??= new TextBuffer();
    choice.refusal.add(delta.refusal);
    content = true;
  }
  // DeepSeek, vLLM and xAI call it reasoning_content, OpenRouter and Groq reasoning.
  const reasoning = delta.reasoning_content ?? delta.reasoning;
  if (typeof reasoning === 'string' && reasoning !== '') {
    choice.reasoning ??= new TextBuffer();
    choice.reasoning.add(reasoning);
    content = true;
  }
  if (Array.isArray(delta.tool_calls)) {
    for (const call of delta.tool_calls) if (isBag(call) && addCall(choice.calls, call)) content = true;
  }
  if (isBag(delta.function_call)) {
    choice.legacy ??= newCall(undefined, undefined, undefined);
    append(choice.legacy, delta.function_call);
    content = true;
  }
  if (isBag(delta.audio)) {
    if (typeof delta.audio.transcript === 'string') {
      choice.transcript ??= new TextBuffer();
      choice.transcript.add(delta.audio.transcript);
    }
    if (typeof delta.audio.data === 'string') choice.audioBytes += base64Bytes(delta.audio.data);
    content = true;
  }
  return content;
}

function newCall(id: string | undefined, index: number | undefined, type: string | undefined): StreamedCall {
  return { id, index, type, name: '', args: new TextBuffer() };
}

/**
 * Finds the call a delta belongs to. OpenAI numbers parallel calls by `index`; Ollama sends index 0 for every call (a new
 * id tells them apart), Gemini sends no index (the id does), and some servers send neither (the last call goes on).
 */
function addCall(calls: StreamedCall[], delta: Bag): boolean {
  const id = text(delta.id);
  const index = typeof delta.index === 'number' ? delta.index : undefined;
  const target = isBag(delta.function) ? delta.function : isBag(delta.custom) ? delta.custom : {};
  let call: StreamedCall | undefined;
  if (index !== undefined) {
    call = calls.findLast((candidate) => candidate.index === index);
    if (call?.id !== undefined && id !== undefined && call.id !== id) call = undefined;
  } else if (id !== undefined) {
    call = calls.find((candidate) => candidate.id === id);
  } else {
    call = calls.at(-1);
    // Neither index nor id, but a whole name again: servers that number nothing send one call a delta.
    if (call && text(target.name) && call.name !== '' && call.args.length > 0) call = undefined;
  }
  if (!call) {
    call = newCall(id, index, text(delta.type) ?? (isBag(delta.custom) ? 'custom' : undefined));
    calls.push(call);
  }
  call.id ??= id;
  call.type ??= text(delta.type);
  return append(call, target);
}

function append(call: StreamedCall, target: Bag): boolean {
  const name = text(target.name);
  // A name comes once, in pieces from some servers; a repeat of the whole name is not a piece.
  if (name && name !== call.name) call.name += name;
  const args = target.arguments ?? target.input;
  if (typeof args === 'string') call.args.add(args);
  return name !== undefined || (typeof args === 'string' && args !== '');
}

function messageOf(choice: Choice): Message {
  const message: Message = { role: choice.role, content: choice.content ? String(choice.content) : null };
  if (choice.refusal) message.refusal = String(choice.refusal);
  if (choice.reasoning) message.reasoning_content = String(choice.reasoning);
  if (choice.calls.length > 0) message.tool_calls = choice.calls.map(toolCallOf);
  if (choice.legacy) {
    const { name, args } = choice.legacy;
    message.function_call = { name, arguments: String(args) };
  }
  if (choice.transcript || choice.audioBytes > 0) {
    message.audio = {
      data: `[binary: audio, ${choice.audioBytes} bytes]`,
      transcript: choice.transcript ? String(choice.transcript) : '',
    };
  }
  return message;
}

function toolCallOf(call: StreamedCall): Bag {
  const id = call.id ?? '';
  return call.type === 'custom'
    ? { id, type: 'custom', custom: { name: call.name, input: String(call.args) } }
    : { id, type: call.type ?? 'function', function: { name: call.name, arguments: String(call.args) } };
}
