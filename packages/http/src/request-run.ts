import type { Run } from '@observatory/core';
import { messageOf, type RunStart, report, type Scope, shared } from '@observatory/core/recorder';
import { describe } from './describe.js';
import { incoming } from './incoming.js';
import { matches } from './matcher.js';
import type { HttpOptions, RequestInfo } from './options.js';
import { injectInto } from './outgoing.js';
import { record } from './record.js';

const SETTLE_MS = 50;
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

const requests = shared<WeakMap<object, RequestRun>>('http.requests', () => new WeakMap());
const requestRuns = shared<WeakMap<Run, RequestRun>>('http.runs', () => new WeakMap());

/** The run that a request has: a middleware mounted twice, or in an app and its sub-app, finds the first one's. */
export const requestRunOf = (request: object): RequestRun | undefined => requests.get(request);

/** Another object that stands for the same request: Node's message under a fetch `Request`. */
export const aliasRequest = (request: object, requestRun: RequestRun): void => {
  requests.set(request, requestRun);
};

/** The run of the request that the code stands in. */
export const requestRunOfRun = (run: Run): RequestRun | undefined => requestRuns.get(run);

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
  const recorded = (!options.only || matches(options.only, view)) && !matches(options.skip, view);
  if (options.propagation?.inject) injectInto(options.propagation.inject);
  const ambient = overSocket ? undefined : record.scope();
  const parent = ambient && record.isOpen(ambient.run) ? ambient : undefined;

  const around = record.enteredScope()?.run;
  const caller = parent ? {} : incoming(view, options.propagation);
  const start: RunStart = {
    name: typeof options.name === 'string' ? options.name : `${view.method} ${view.path}`,
    parent: parent ?? caller.parent ?? null,
    sessionId: caller.sessionId,
    textFromSteps: true,
    lazy: () => {
      if (!recorded) return false;
      happened = true;
      const fields = description.atFirstWork();
      return { ...fields, metadata: { ...caller.metadata, ...fields.metadata } };
    },
  };
  const run = record.openRun(start);
  const description = describe(run, about, view, options, caller.sessionId);
  const scope: Scope = { run };

  let happened = false;
  let state: RequestRun['state'] = 'open';
  let failure: Failure | undefined;
  let left = false;
  let handlers = 0;
  let idle: (() => void) | undefined;
  let markSent!: () => void;
  const sent = new Promise<void>((resolve) => {
    markSent = resolve;
  });

  const send = (end: ResponseEnd, endTime: number) => {
    const { outcome, error } = judge(end, failure);
    if (matches(options.always, view)) record.keepRun(run);
    const fields = happened ? description.atEnd() : {};
    const status = end.status ?? (end.how === 'disconnected' ? CLIENT_CLOSED : 500);
    void record
      .endRun(run, {
        ...fields,
        metadata: { ...fields.metadata, http_status: status },
        outcome,
        error,
        endTime,
        children: 'wait',
        settleMs: options.settleMs ?? SETTLE_MS,
        waitMs: options.graceMs ?? GRACE_MS,
      })
      .then(() => {
        state = 'sent';
        markSent();
      });
  };

  const requestRun: RequestRun = {
    run,
    view,
    get state() {
      return state;
    },
    get happened() {
      return happened;
    },
    entered: false,
    sent,
    enter: (fn) => record.within(scope, fn),
    reenter(fn) {
      const current = record.enteredScope();
      return requestRun.scopeOf(current) === current ? fn() : record.within(scope, fn);
    },
    scopeOf(current) {
      if (!current || current.run === run) return current ?? scope;
      // Another request's run, or the one around the server: somebody else's callback. Any other run the host opened in here.
      return requestRuns.has(current.run) || current.run === around ? scope : current;
    },
    failed(error) {
      // What a handler throws because its client left, such as the abort of a model call, is not why the run ended.
      if (left || isControlFlow(error)) return;
      failure ??= { error, answered: view.answered() };
    },
    busy() {
      handlers++;
      let done = false;
      return () => {
        if (done) return;
        done = true;
        if (--handlers === 0) idle?.();
      };
    },
    ended(end) {
      if (state !== 'open') return;
      state = 'settling';
      left = end.how === 'disconnected';
      const endTime = Date.now();
      const finish = () => {
        try {
          send(end, endTime);
        } catch (error) {
          report({
            kind: 'http',
            message: `A request could not be recorded: ${messageOf(error)}`,
            cause: error,
          });
          markSent();
        }
      };
      if (handlers === 0) return finish();
      // The response is out and the handler goes on: what it still does belongs to this run.
      const timer = setTimeout(
        () => idle?.(),
        end.how === 'completed' ? HANDLER_WAIT_MS : (options.graceMs ?? GRACE_MS),
      );
      (timer as { unref?: () => void }).unref?.();
      idle = () => {
        idle = undefined;
        clearTimeout(timer);
        finish();
      };
    },
  };
  requests.set(request, requestRun);
  requestRuns.set(run, requestRun);
  return requestRun;
}

interface Failure {
  error: unknown;
  /** Whether it came when the status had left already. */
  answered: boolean;
}

function judge(
  { how, status = 500, error }: ResponseEnd,
  failure: Failure | undefined,
): { outcome?: 'error' | 'cancelled'; error?: unknown } {
  if (failure && (failure.answered || how !== 'completed' || status >= 400)) {
    return { outcome: 'error', error: failure.error };
  }
  if (how === 'failed') return { outcome: 'error', error: error ?? 'The response broke off' };
  if (how === 'disconnected') return { outcome: 'cancelled' };
  if (status >= 500) return { outcome: 'error', error: error ?? `HTTP ${status}` };
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
