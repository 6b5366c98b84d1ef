import { type Bag, copyOwnData, isBag, ownData } from './own-data.js';

/** Members that are content, not parameters: they have places of their own, or are binary. */
const CONTENT = new Set([
  'messages',
  'input',
  'instructions',
  'prompt',
  'tools',
  'functions',
  'model',
  'stream_options',
  'file',
  'image',
  'mask',
  'questions',
]);

/** What a multipart request carries, its files by name, type and size only. */
export type FormFields = Record<string, unknown>;

/**
 * One request's body as it was when it left. The JSON text that goes over the wire is immutable, so it serves as the
 * snapshot: a host that keeps pushing to its `messages` array cannot change what was recorded, and nothing is copied.
 */
export class RequestBody {
  /** The JSON text sent, when the body is JSON. */
  readonly wire: string | undefined;
  /** The host's own object, for what is needed at once; read by own data properties only. */
  readonly #live: unknown;
  #form: FormFields | undefined;
  #parsed: Bag | undefined;

  /** The model asked for. */
  readonly model: string | undefined;

  /** @param model known even where the body is a stream that cannot be looked into */
  constructor(live: unknown, sent: unknown, model?: unknown) {
    this.wire = typeof sent === 'string' ? sent : undefined;
    this.#form = formFields(sent);
    this.#live = isBag(live) && this.#form === undefined ? live : undefined;
    const named = this.now('model') ?? model;
    this.model = typeof named === 'string' && named !== '' ? named : undefined;
  }

  /** One member of the body as it stands now. */
  now(key: string): unknown {
    if (this.#form) return this.#form[key];
    if (this.#live !== undefined) return ownData(this.#live, key);
    return this.parsed()[key];
  }

  /** The body as it was sent. Parses, so call it when the step is sealed, off the caller's path. */
  parsed(): Bag {
    if (this.#parsed) return this.#parsed;
    let value: unknown = this.#form;
    if (value === undefined && this.wire !== undefined) {
      try {
        value = JSON.parse(this.wire);
      } catch {
        // Not JSON after all: nothing to say about its content.
      }
    }
    this.#parsed = isBag(value) ? value : {};
    return this.#parsed;
  }

  /** Sampling and other parameters: everything but the content. */
  parameters(): Record<string, unknown> | undefined {
    const source = this.#form ?? (this.#live as Bag | undefined);
    if (source === undefined) return undefined;
    let found: Record<string, unknown> | undefined;
    for (const key of Object.keys(source)) {
      if (CONTENT.has(key)) continue;
      // What cannot be copied without running the host's code is read from what was sent.
      const value = copyOwnData(ownData(source, key)) ?? this.parsed()[key];
      if (value === undefined) continue;
      found ??= {};
      found[key] = value;
    }
    return found;
  }

  /** A function for the recorder that reads the body as it was sent. */
  later<T>(read: (body: Bag) => T): () => T {
    return () => read(this.parsed());
  }
}

function formFields(sent: unknown): FormFields | undefined {
  if (!isBag(sent) || typeof FormData !== 'function' || !(sent instanceof FormData)) return undefined;
  const fields: FormFields = {};
  const entries = FormData.prototype.entries as unknown as (this: unknown) => Iterable<[string, unknown]>;
  for (const [key, value] of entries.call(sent)) {
    const described = typeof value === 'string' ? value : fileOf(value);
    const existing = fields[key];
    if (existing === undefined) fields[key] = described;
    else if (Array.isArray(existing)) existing.push(described);
    else fields[key] = [existing, described];
  }
  return fields;
}

function fileOf(value: unknown): string {
  const file = value as { name?: unknown; type?: unknown; size?: unknown };
  return `[file: ${String(file.name ?? 'unnamed')}, ${String(file.type || 'application/octet-stream')}, ${String(file.size ?? '?')} bytes]`;
}
