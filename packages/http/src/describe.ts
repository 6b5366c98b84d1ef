import type { Run } from '@observatory/core';
import { messageOf, type RunFields, report } from '@observatory/core/recorder';
import { activeSpan } from './active-span.js';
import { promptOf, sessionOf, userOf } from './conventions.js';
import type { HttpOptions, Read } from './options.js';
import { record } from './record.js';
import type { RequestView } from './request-run.js';

/** What is said about a request's run, when the first work attaches to it and once more when it ends. */
export interface Description {
  atFirstWork(): RunFields;
  atEnd(): RunFields;
}

/**
 * Says what a request is about, by its options first and by the conventions of chat clients where they say nothing.
 *
 * Asked at the first work, because handlers change the body later (they push answers into `messages`); what was not known by
 * then, such as a user that authentication found out late, is asked again at the end.
 */
export function describe<About>(
  run: Run,
  about: About,
  view: RequestView,
  options: HttpOptions<About>,
  callerSession: string | undefined,
): Description {
  const { capture } = options;
  let known: RunFields = {};
  let name: string | undefined;

  /** Calls an option; what it promises amends the run when it arrives. */
  const read = <Value>(option: Read<About, Value>, set: (value: Value) => RunFields): RunFields => {
    try {
      const value = option(about);
      if (value === undefined || value === null) return {};
      if (!(typeof value === 'object' && 'then' in value)) return set(value);
      (value as Promise<Value | undefined>).then((later) => {
        if (later !== undefined && later !== null) record.amendRun(run, set(later));
      }, optionFailed);
    } catch (error) {
      optionFailed(error);
    }
    return {};
  };

  const nameFields = (): RunFields => {
    let fields: RunFields = {};
    if (typeof options.name === 'function') fields = read(options.name, (own) => ({ name: own }));
    else if (options.name === undefined) {
      fields = { name: `${view.method} ${view.route() ?? view.path}` };
    }
    if (fields.name === name) return {};
    name = fields.name;
    return fields;
  };

  const metadata = (): Record<string, unknown> => {
    const route = view.route();
    const { traceId, spanId } = activeSpan() ?? {};
    const values: Record<string, unknown> = {
      http_method: view.method,
      http_path: view.path,
      ...(route === undefined ? {} : { http_route: route }),
      ...(traceId === undefined ? {} : { trace_id: traceId, span_id: spanId }),
    };
    if (capture?.query) values.http_query = view.query();
    if (capture?.ip) values.client_ip = view.ip();
    for (const header of capture?.headers ?? []) {
      const value = view.header(header);
      if (value !== undefined) values[`http_header_${header.toLowerCase().replaceAll('-', '_')}`] = value;
    }
    return values;
  };

  const prompt = (): RunFields => {
    if (options.prompt) return read(options.prompt, (own) => ({ prompt: own }));
    const said = promptOf(view.body());
    return said === undefined ? {} : { prompt: said };
  };

  const session = (): RunFields => {
    const fields = options.session
      ? read(options.session, (own) => inSession(own))
      : inSession(callerSession ?? sessionOf((header) => view.header(header), view.body()));
    return fields;
  };
  const inSession = (sessionId: string | undefined): RunFields =>
    sessionId === undefined ? {} : { sessionId, conversational: options.conversational ?? true };

  const user = (): RunFields => {
    if (options.user) return read(options.user, (own) => ({ userId: own }));
    const userId = userOf(...view.identities());
    return userId === undefined ? {} : { userId };
  };

  const extras = (): RunFields => {
    const { tags, metadata: own } = options;
    return {
      ...(typeof tags === 'function' ? read(tags, (list) => ({ tags: list })) : tags ? { tags } : {}),
      ...(typeof own === 'function'
        ? read(own, (values) => ({ metadata: values }))
        : own
          ? { metadata: own }
          : {}),
    };
  };

  const safely = (...parts: (() => RunFields)[]): RunFields => {
    const fields: RunFields = {};
    for (const part of parts) {
      try {
        const { metadata: more, ...rest } = part();
        Object.assign(fields, rest);
        if (more) fields.metadata = { ...fields.metadata, ...more };
      } catch (error) {
        optionFailed(error);
      }
    }
    return fields;
  };

  const fullInput = (fields: RunFields): RunFields => {
    if (!capture?.requestBody) return fields;
    const body = view.body();
    if (body === undefined) return fields;
    const own = typeof fields.prompt === 'string' ? { user_prompt: fields.prompt } : fields.prompt;
    return { ...fields, prompt: { user_prompt: '', ...own, full_input: toInput(body) } };
  };

  return {
    atFirstWork() {
      known = fullInput(safely(nameFields, () => ({ metadata: metadata() }), prompt, session, user, extras));
      return known;
    },
    atEnd() {
      const late = safely(
        // Where the route was known it stays: error handling puts the framework's idea of it back.
        ...(known.metadata?.http_route === undefined && view.route() !== undefined
          ? [nameFields, () => ({ metadata: { http_route: view.route() } })]
          : []),
        ...(known.prompt === undefined ? [prompt] : []),
        ...(known.sessionId === undefined ? [session] : []),
        ...(known.userId === undefined ? [user] : []),
        ...(options.response
          ? [() => read(options.response as Read<About, string>, (response) => ({ response }))]
          : []),
      );
      return known.prompt === undefined ? fullInput(late) : late;
    },
  };
}

const toInput = (body: unknown): string => {
  if (typeof body === 'string') return body;
  try {
    return JSON.stringify(body) ?? '';
  } catch (error) {
    return `[unserialisable: ${messageOf(error)}]`;
  }
};

function optionFailed(error: unknown): void {
  report({
    kind: 'http-option-failed',
    message: `An option of the middleware failed and was left out: ${messageOf(error)}`,
    cause: error,
  });
}
