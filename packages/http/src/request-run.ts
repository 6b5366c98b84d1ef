import type { Run } from '@observatory/core';
import type { RunFields, Scope } from '@observatory/core/recorder';
import { type Description, describe } from './describe.js';
import { type Caller, incoming } from './incoming.js';
import { onWorkers } from './lifetime.js';
import { matches } from './matcher.js';
import type { HttpOptions, RequestInfo } from './options.js';
import { injectInto } from './outgoing.js';
import { record } from './record.js';

// A Worker's timers end with the request that set them: there the run ends with its answer and its last child.
const SETTLE_MS = onWorkers ? 0 : 50;
const GRACE_MS = 30_000;
/** How long a run waits for a handler that goes on after its answer. */
const HANDLER_WAIT_MS = 300_000;
/** nginx's status for a client that closed the request. */
const CLIENT_CLOSED = 499;

/** What a transport tells about a request, when it is asked. */
export interface RequestView extends RequestInfo {
  /** The parsed body, as far as somebody parsed it. */
  body(): unknown;
  /** The pattern that the request's path matched, e.g. `/chat/:id`. */
  route(): string | undefined;
  /** What authentication left on the request. */
  identities(): unknown[];
  query(): string | undefined;
  ip(): string | undefined;
  /** Whether the status has left. */
  answered(): boolean;
}

/** How a response ended. */
export interface ResponseEnd {
  /** `disconnected`: the client left before it had everything. */
  how: 'completed' | 'disconnected' | 'failed';
  /** Absent when no status was sent. */
  status?: number | undefined;
  error?: unknown;
}

/**
 * The run of one request:
 *
 *     open ── the response ended ──▶ settling ── no handler, step or tool call goes on ──▶ sent
 *                                        └────── for too long ──────────────────────────▶ sent
 *
 * It exists from the request's start, so that whatever happens inside attaches to it, and is recorded only if something does.
 */
export interface RequestRun {
  readonly run: Run;
  readonly view: RequestView;
  readonly state: 'open' | 'settling' | 'sent';
  /** Whether something happened in it, so that it is recorded. */
  readonly happened: boolean;
  /** Set by the transport that ends the run; one further in leaves that to it. */
  entered: boolean;
  /** Resolves when the run was handed to delivery, or will never be. */
  readonly sent: Promise<void>;
  /** Runs `fn` in the run's context. */
  enter<R>(fn: () => R): R;
  /** Like `enter`, but leaves code where it is that already stands in this run or one nested in it. */
  reenter<R>(fn: () => R): R;
  /** Where code stands that belongs to this request. */
  scopeOf(current: Scope | undefined): Scope;
  /**
   * An error that reached the framework. The first one counts, and only if the answer shows it: one that error handling
   * turned into a good answer does not.
   */
  failed(error: unknown): void;
  /** A handler works; the run waits for it. Call what it returns when the handler is done. */
  busy(): () => void;
  /** The response ended; only the first end counts. */
  ended(end: ResponseEnd): void;
}

// A property costs the garbage collector nothing; a WeakMap with an entry per request was most of what a request cost.
const REQUEST = Symbol.for('observatory.request.v1');
type Marked = { [REQUEST]?: RequestRun };

const mark = (object: object, requestRun: RequestRun): boolean =>
  Reflect.defineProperty(object, REQUEST, { value: requestRun, configurable: true });

/** The run that a request has: a middleware mounted twice, or in an app and its sub-app, finds the first one's. */
export const requestRunOf = (request: object): RequestRun | undefined => (request as Marked)[REQUEST];

/** Another object that stands for the same request: Node's message under a fetch `Request`. */
export const aliasRequest = (request: object, requestRun: RequestRun): void => {
  mark(request, requestRun);
};

/** The request whose run it is. */
export const requestRunOfRun = (run: Run): RequestRun | undefined => (run as Marked)[REQUEST];

/**
 * Opens the run of a request. Whatever fails in here leaves the request as it is.
 *
 * @param request the transport's object for the request; options' functions get `about`
 * @param overSocket whether the request came over a connection of its own: then it is nested in nothing of this process
 */
export function openRequestRun<About>(
  request: object,
  about: About,
  view: RequestView,
  options: HttpOptions<About>,
  overSocket: boolean,
): RequestRun {
  if (options.propagation?.inject) injectInto(options.propagation.inject);
  const requestRun = new OpenRequestRun(about, view, options, overSocket);
  mark(request, requestRun);
  mark(requestRun.run, requestRun);
  return requestRun;
}

/** A class, and lazy where it can be: most requests are of no agent, and pay for no more than this object. */
class OpenRequestRun<About> implements RequestRun {
  readonly run: Run;
  readonly view: RequestView;
  state: RequestRun['state'] = 'open';
  happened = false;
  entered = false;
  private readonly scope: Scope;
  private readonly options: HttpOptions<About>;
  private readonly about: About;
  private readonly caller: Caller;
  /** The run around the server, if it was started in one. */
  private readonly around: Run | undefined;
  private description: Description | undefined;
  private failure: Failure | undefined;
  private left = false;
  private status: number | undefined;
  private handlers = 0;
  private idle: (() => void) | undefined;
  private whenSent: Promise<void> | undefined;
  private markSent: (() => void) | undefined;

  constructor(about: About, view: RequestView, options: HttpOptions<About>, overSocket: boolean) {
    this.about = about;
    this.view = view;
    this.options = options;
    const ambient = overSocket ? undefined : record.scope();
    const parent = ambient && record.isOpen(ambient.run) ? ambient : undefined;
    this.around = record.enteredScope()?.run;
    this.caller = parent ? {} : incoming(view, options.propagation);
    this.run = record.openRun({
      name: typeof options.name === 'string' ? options.name : `${view.method} ${view.path}`,
      parent: parent ?? this.caller.parent ?? null,
      sessionId: this.caller.sessionId,
      textFromSteps: true,
      lazy: () => this.firstWork(),
    });
    this.scope = { run: this.run };
  }

  get sent(): Promise<void> {
    if (this.state === 'sent') return Promise.resolve();
    this.whenSent ??= new Promise((resolve) => {
      this.markSent = resolve;
    });
    return this.whenSent;
  }

  private firstWork(): RunFields | false {
    const { options, view, caller } = this;
    if ((options.only && !matches(options.only, view)) || matches(options.skip, view)) return false;
    this.happened = true;
    this.description = describe(this.run, this.about, view, options, caller.sessionId);
    const fields = this.description.atFirstWork();
    return { ...fields, metadata: { ...caller.metadata, ...fields.metadata, ...this.statusFields() } };
  }

  private statusFields(): Record<string, unknown> {
    return this.status === undefined ? {} : { http_status: this.status };
  }

  enter<R>(fn: () => R): R {
    return record.within(this.scope, fn);
  }

  reenter<R>(fn: () => R): R {
    const current = record.enteredScope();
    return this.scopeOf(current) === current ? fn() : record.within(this.scope, fn);
  }

  scopeOf(current: Scope | undefined): Scope {
    if (!current) return this.scope;
    const { run } = current;
    if (run === this.run) return current;
    // Another request's run, or the one around the server: somebody else's callback. Any other run the host opened in here.
    return requestRunOfRun(run) || run === this.around ? this.scope : current;
  }

  failed(error: unknown): void {
    // What a handler throws because its client left, such as the abort of a model call, is not why the run ended.
    if (this.left || isControlFlow(error)) return;
    this.failure ??= { error, answered: this.view.answered() };
  }

  busy(): () => void {
    this.handlers++;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      if (--this.handlers === 0) this.idle?.();
    };
  }

  ended(end: ResponseEnd): void {
    if (this.state !== 'open') return;
    this.state = 'settling';
    this.left = end.how === 'disconnected';
    this.status = end.status ?? (this.left ? CLIENT_CLOSED : undefined);
    const endTime = Date.now();
    if (this.handlers === 0) {
      this.send(end, endTime);
      return;
    }
    // The response is out and the handler goes on: what it still does belongs to this run.
    const timer = setTimeout(
      () => this.idle?.(),
      this.left ? (this.options.graceMs ?? GRACE_MS) : HANDLER_WAIT_MS,
    );
    (timer as { unref?: () => void }).unref?.();
    this.idle = () => {
      this.idle = undefined;
      clearTimeout(timer);
      this.send(end, endTime);
    };
  }

  private send(end: ResponseEnd, endTime: number): void {
    const { options, run } = this;
    const { outcome, error } = judge(end, this.failure);
    if (options.always && matches(options.always, this.view)) record.keepRun(run);
    const late = this.description?.atEnd();
    const fields = late ? { ...late, metadata: { ...late.metadata, ...this.statusFields() } } : {};
    if (outcome === undefined && !record.isOpen(run)) {
      // The host ended it by hand, and knows better: it may wait for a person.
      record.amendRun(run, fields);
      this.state = 'sent';
      this.markSent?.();
      return;
    }
    const ended = record.endRun(run, {
      ...fields,
      outcome,
      error,
      endTime,
      children: 'wait',
      settleMs: options.settleMs ?? SETTLE_MS,
      waitMs: options.graceMs ?? GRACE_MS,
    });
    const sent = () => {
      this.state = 'sent';
      this.markSent?.();
    };
    if (this.happened) void ended.then(sent);
    else sent();
  }
}

interface Failure {
  error: unknown;
  /** Whether it came when the status had left already. */
  answered: boolean;
}

function judge(
  { how, status, error }: ResponseEnd,
  failure: Failure | undefined,
): { outcome?: 'error' | 'cancelled'; error?: unknown } {
  if (failure && (failure.answered || how !== 'completed' || status === undefined || status >= 400)) {
    return { outcome: 'error', error: failure.error };
  }
  if (how === 'failed') return { outcome: 'error', error: error ?? 'The response broke off' };
  if (how === 'disconnected') return { outcome: 'cancelled' };
  if (status !== undefined && status >= 500) return { outcome: 'error', error: error ?? `HTTP ${status}` };
  return {};
}

/**
 * Frameworks throw to answer: a Response, Next.js' redirect() and notFound(), an HTTP error below 500. A model provider's 429 is
 * none of those, though it has a status too: Hono's and Nest's errors make responses, http-errors says whether to `expose`,
 * Fastify's have a code.
 */
function isControlFlow(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if (typeof Response !== 'undefined' && error instanceof Response) return error.status < 500;
  const { status, statusCode, digest, expose, code, getResponse, getStatus } = error as Record<
    string,
    unknown
  >;
  if (typeof digest === 'string') return digest.startsWith('NEXT_');
  const says =
    typeof getStatus === 'function'
      ? (error as { getStatus(): unknown }).getStatus()
      : (status ?? statusCode);
  if (typeof says !== 'number' || says >= 500) return false;
  return typeof getResponse === 'function' || expose === true || String(code).startsWith('FST_');
}
