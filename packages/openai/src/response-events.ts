import { type Accumulator, type Answer, emptyAnswer } from './answer.js';
import { wallClock } from './clock.js';
import { text } from './map-chat.js';
import { addItems, describeResponse, responseAnswer } from './map-responses.js';
import { type Bag, isBag } from './own-data.js';
import { TextBuffer } from './text-buffer.js';

const TERMINAL = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'response.cancelled',
]);

/** One output item while it is being streamed. */
interface StreamedItem {
  /** The item as the provider announced it, or as it ended. */
  item: Bag;
  ended: boolean;
  startTime: number;
  endTime?: number;
  /** Text by content part. */
  parts: Map<number, { type: 'output_text' | 'refusal'; text: TextBuffer }>;
  args: TextBuffer | undefined;
  reasoning: TextBuffer | undefined;
}

/** Builds a response from its events; a terminal event brings the whole response and replaces what was built. */
export class ResponseEvents implements Accumulator {
  readonly #items = new Map<number, StreamedItem>();
  #final: Bag | undefined;
  #announced: Bag | undefined;
  #error: string | undefined;
  finished = false;

  add(event: unknown): boolean {
    if (!isBag(event)) return false;
    const type = event.type;
    if (typeof type !== 'string') return false;
    if (type.endsWith('.delta')) return this.#delta(type, event);
    if (type === 'response.output_item.added') this.#item(event)?.parts.clear();
    else if (type === 'response.output_item.done') this.#itemDone(event);
    else if (type === 'error') {
      this.#error = text(event.message) ?? 'The provider reported an error.';
      this.finished = true;
    } else if (isBag(event.response)) {
      if (TERMINAL.has(type)) {
        this.#final = event.response;
        this.finished = true;
      } else this.#announced = headOf(event.response);
    }
    return false;
  }

  #item(event: Bag): StreamedItem | undefined {
    const index = event.output_index;
    if (typeof index !== 'number') return undefined;
    let streamed = this.#items.get(index);
    if (!streamed) {
      streamed = {
        item: { id: event.item_id },
        ended: false,
        startTime: wallClock(),
        parts: new Map(),
        args: undefined,
        reasoning: undefined,
      };
      this.#items.set(index, streamed);
    }
    if (isBag(event.item)) streamed.item = { ...event.item };
    return streamed;
  }

  #itemDone(event: Bag): void {
    const streamed = this.#item(event);
    if (!streamed) return;
    streamed.ended = true;
    streamed.endTime = wallClock();
    streamed.parts.clear();
    streamed.args = undefined;
  }

  #delta(type: string, event: Bag): boolean {
    const delta = event.delta;
    if (typeof delta !== 'string') return false;
    const streamed = this.#item(event);
    if (!streamed) return delta !== '';
    if (type === 'response.output_text.delta' || type === 'response.refusal.delta') {
      const index = typeof event.content_index === 'number' ? event.content_index : 0;
      let part = streamed.parts.get(index);
      if (!part) {
        part = {
          type: type === 'response.refusal.delta' ? 'refusal' : 'output_text',
          text: new TextBuffer(),
        };
        streamed.parts.set(index, part);
      }
      part.text.add(delta);
    } else if (type.startsWith('response.reasoning')) {
      streamed.reasoning ??= new TextBuffer();
      streamed.reasoning.add(delta);
    } else if (/arguments|input|code/.test(type)) {
      streamed.args ??= new TextBuffer();
      streamed.args.add(delta);
    }
    return delta !== '';
  }

  answer(): Answer {
    let answer: Answer;
    if (this.#final) {
      answer = responseAnswer(this.#final);
      // Some compatible servers end with a response whose output is empty.
      if (answer.output?.length === 0 && this.#items.size > 0) addItems(answer, this.#partial());
      this.#timeHosted(answer);
    } else {
      answer = emptyAnswer(true);
      addItems(answer, this.#partial());
      if (this.#announced) describeResponse(answer, this.#announced);
    }
    if (this.#error) {
      answer.outcome = 'error';
      answer.error = this.#error;
    }
    return answer;
  }

  #timeHosted(answer: Answer): void {
    if (answer.hosted.length === 0) return;
    for (const { item, startTime, endTime } of this.#items.values()) {
      const hosted = answer.hosted.find((call) => call.id !== undefined && call.id === item.id);
      if (!hosted) continue;
      hosted.startTime = startTime;
      hosted.endTime = endTime;
    }
  }

  #partial(): Bag[] {
    return [...this.#items].sort(([a], [b]) => a - b).map(([, streamed]) => itemOf(streamed));
  }
}

/** What a response says before it is done; the rest of the object would only be kept for nothing. */
function headOf(response: Bag): Bag {
  const { id, model, status, service_tier, conversation } = response;
  return { id, model, status, service_tier, conversation };
}

function itemOf(streamed: StreamedItem): Bag {
  const item = { ...streamed.item };
  if (streamed.ended) return item;
  if (streamed.parts.size > 0) {
    item.type ??= 'message';
    item.role ??= 'assistant';
    item.content = [...streamed.parts.values()].map((part) =>
      part.type === 'refusal'
        ? { type: 'refusal', refusal: String(part.text) }
        : { type: 'output_text', text: String(part.text) },
    );
  }
  if (streamed.args) {
    const type = String(item.type);
    const member = type === 'custom_tool_call' ? 'input' : type.startsWith('code') ? 'code' : 'arguments';
    item[member] = String(streamed.args);
  }
  if (streamed.reasoning) {
    item.type ??= 'reasoning';
    item.summary = [{ type: 'summary_text', text: String(streamed.reasoning) }];
  }
  return item;
}
