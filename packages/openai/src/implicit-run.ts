import type { Recorder, Run } from '@observatory/core/recorder';
import type { Answer } from './answer.js';
import { after } from './clock.js';
import { contentText } from './map-chat.js';
import { ownData, ownText } from './own-data.js';
import type { RequestBody } from './request-body.js';
import { PendingCalls, sameArguments, type ToolResult } from './tool-results.js';

/** A loop that asked for tools and never came back is closed after this. */
const IDLE_MS = 60_000;
/** A background response that nobody asks for again. */
const BACKGROUND_MS = 60 * 60_000;
/** Finished and waiting loops that a later request can still refer to. */
const REMEMBERED = 1000;

/** How the runs made for calls outside any run are labelled. */
export interface ImplicitRunOptions {
  name?: string;
  sessionId?: string;
  userId?: string;
  tags?: string[];
  metadata?: Record<string, unknown>;
}

/** A run that nobody opened: one or more model calls that belong together by what they say. */
export class ImplicitRun {
  readonly run: Run;
  readonly pending: PendingCalls;
  sessionId: string | undefined;
  closed = false;
  readonly #recorder: Recorder;
  #inFlight = 0;
  #cancel: (() => void) | undefined;

  constructor(recorder: Recorder, run: Run, sessionId: string | undefined) {
    this.#recorder = recorder;
    this.run = run;
    this.sessionId = sessionId;
    this.pending = new PendingCalls(recorder);
  }

  stepStarted(): void {
    this.#inFlight++;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Closes the run unless the model asked for tools or another call is on its way. */
  stepEnded(answer: Answer): void {
    this.#inFlight--;
    if (this.closed || this.#inFlight > 0) return;
    if (answer.calls.length > 0) this.#waitFor(IDLE_MS);
    else this.close(answer);
  }

  /** The provider works on its answer in the background. */
  answering(): void {
    if (!this.closed && this.#cancel === undefined) this.#waitFor(BACKGROUND_MS);
  }

  /** The host never read the answer: it may still do so, but the run must not stay open for it. */
  unread(): void {
    if (!this.closed && this.#cancel === undefined) this.#waitFor(IDLE_MS);
  }

  #waitFor(ms: number): void {
    this.#cancel = after(ms, () => this.close());
  }

  close(answer?: Answer): void {
    if (this.closed) return;
    this.closed = true;
    this.#cancel?.();
    void this.#recorder.endRun(this.run, {
      response: answer?.text,
      outcome: answer?.outcome,
      error: answer?.error,
    });
  }
}

/** Which loop a request without a run of its own belongs to. */
export class ImplicitRuns {
  readonly #byCall = new Bounded<string, ImplicitRun>(REMEMBERED);
  readonly #byResponse = new Bounded<string, ImplicitRun>(REMEMBERED);

  /** The open loop this request goes on with, or undefined. */
  continuing(body: RequestBody, results: readonly ToolResult[]): ImplicitRun | undefined {
    for (const result of results) {
      if (result.id === undefined) continue;
      const loop = this.#byCall.get(result.id);
      if (!loop || loop.closed) continue;
      const pending = loop.pending.find(result);
      if (pending?.id !== result.id) continue;
      // Ids of compatible servers repeat: the history must agree on what was asked for.
      const { asked } = result;
      if (asked && (asked.name !== pending.name || !sameArguments(pending.args, asked.args))) continue;
      return loop;
    }
    const previous = this.#previous(body);
    return previous && !previous.closed ? previous : undefined;
  }

  open(recorder: Recorder, options: ImplicitRunOptions, body: RequestBody, startTime: number): ImplicitRun {
    const previous = this.#previous(body);
    const conversation = conversationOf(body);
    let sessionId = options.sessionId ?? previous?.sessionId ?? conversation;
    if (previous && sessionId === undefined) {
      // The second turn of a chain of responses makes it a conversation, named by its first run.
      sessionId = previous.run.runId;
      previous.sessionId = sessionId;
      recorder.amendRun(previous.run, { sessionId, conversational: true });
    }
    const prompt = promptOf(body);
    const { name, userId, tags, metadata } = options;
    const run = recorder.openRun({
      parent: null,
      // It is closed from here, by clocks that a host's tests do not see.
      timeout: 0,
      startTime,
      name,
      userId,
      tags,
      metadata,
      sessionId,
      conversational: previous || conversation ? true : undefined,
      prompt,
    });
    return new ImplicitRun(recorder, run, sessionId);
  }

  remember(loop: ImplicitRun, answer: Answer): void {
    for (const call of answer.calls) if (call.id !== undefined) this.#byCall.set(call.id, loop);
    if (answer.responseId !== undefined) this.#byResponse.set(answer.responseId, loop);
  }

  #previous(body: RequestBody): ImplicitRun | undefined {
    const previous = body.now('previous_response_id');
    return typeof previous === 'string' ? this.#byResponse.get(previous) : undefined;
  }
}

function conversationOf(body: RequestBody): string | undefined {
  const conversation = body.now('conversation');
  return typeof conversation === 'string' ? conversation : ownText(conversation, 'id');
}

/** What the user asked, and under which instructions: the run's prompt. */
function promptOf(body: RequestBody): { user_prompt: string; system_prompt?: string } | undefined {
  const input = body.now('input');
  const system = ownOrText(body.now('instructions'));
  const prompt = body.now('prompt');
  if (typeof input === 'string') return { user_prompt: input, ...(system ? { system_prompt: system } : {}) };
  if (typeof prompt === 'string') return { user_prompt: prompt };
  const messages = body.now('messages') ?? input;
  if (!Array.isArray(messages)) return undefined;
  const last = messages.findLast((message) => ownText(message, 'role') === 'user');
  const first = messages.find((message) => /^(?:system|developer)$/.test(ownText(message, 'role') ?? ''));
  const asked = contentText(ownData(last, 'content'));
  const instructions = system ?? contentText(ownData(first, 'content'));
  if (asked === undefined && instructions === undefined) return undefined;
  return { user_prompt: asked ?? '', ...(instructions === undefined ? {} : { system_prompt: instructions }) };
}

const ownOrText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** A map that forgets the oldest entry. */
export class Bounded<Key, Value> {
  readonly #map = new Map<Key, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  set(key: Key, value: Value): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size > this.#limit) this.#map.delete(this.#map.keys().next().value as Key);
  }

  delete(key: Key): void {
    this.#map.delete(key);
  }
}
