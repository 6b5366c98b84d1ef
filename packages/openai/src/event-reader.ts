import type { BodyObserver } from './observe-fetch.js';

/** Receives the payloads of server-sent events. */
export interface EventObserver {
  chunk(value: unknown): void;
  done(): void;
  left(): void;
  broke(error: unknown): void;
}

/** Longest event kept; what is longer is not one of a model's deltas. */
const EVENT_LIMIT = 4 * 1024 * 1024;

/**
 * Reads JSON payloads out of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), whatever
 * the pieces they arrive in.
 */
export class EventReader implements BodyObserver {
  readonly #observer: EventObserver;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #data: string[] = [];

  constructor(observer: EventObserver) {
    this.#observer = observer;
  }

  bytes(chunk: unknown): void {
    const text =
      typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > EVENT_LIMIT) this.#rest = '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') this.#dispatch();
    else if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
  }

  #dispatch(): void {
    if (this.#data.length === 0) return;
    const data = this.#data.join('\n');
    this.#data = [];
    if (data.startsWith('[DONE]')) return;
    try {
      const value = JSON.parse(data) as { error?: { message?: string } } | null;
      if (value && typeof value === 'object' && value.error && typeof value.error === 'object')
        this.#observer.broke(new Error(value.error.message ?? 'The provider reported an error.'));
      else this.#observer.chunk(value);
    } catch {
      // Not JSON: the framework's own parser will say so.
    }
  }

  done(): void {
    this.#line(this.#rest);
    this.#dispatch();
    this.#observer.done();
  }

  left(): void {
    this.#observer.left();
  }

  broke(error: unknown): void {
    this.#observer.broke(error);
  }
}
