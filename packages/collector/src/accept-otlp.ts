import type { Message } from '@observatory/core/wire';
import { fingerprint } from './accept.js';
import type { Limits } from './limits.js';
import { DIALECTS, type Dialect, type SpanRole } from './otlp-dialects.js';
import { readSpans, type Span } from './otlp-span.js';

type Item = Record<string, unknown>;

/** Turns OTLP spans into items of the wire. Spans that are neither run, step nor tool call are passed over. */
export interface SpanReader {
  items(body: Buffer): Item[];
}

interface Known {
  span: Span;
  role: SpanRole;
  dialect: Dialect;
}

/** How many traces the reader remembers, to tell a second agent call of a trace from the first. */
const MAX_TRACES = 10_000;

export function createSpanReader(limits: Limits): SpanReader {
  /** The span whose run bears the trace's id. */
  const firstRuns = new Map<string, string>();

  function runIdOf(known: Known, spans: Map<string, Known>): string {
    const { span } = known;
    const stamped = stampedRunId(span);
    const outer = enclosing(known, spans, 'run');
    if (stamped !== undefined) {
      // The stamp of the outermost run stands on all spans below it, nested runs' included.
      return outer && stampedRunId(outer.span) === stamped ? `${stamped}-${span.spanId}` : stamped;
    }
    // A step that is exported before its run cannot know the run's span: it goes to the trace's first run.
    const first = firstRuns.get(span.traceId);
    if (!outer && (first === undefined || first === span.spanId)) {
      if (firstRuns.size >= MAX_TRACES) firstRuns.clear();
      firstRuns.set(span.traceId, span.spanId);
      return span.traceId;
    }
    return `${span.traceId}-${span.spanId}`;
  }

  return {
    items(body) {
      const spans = new Map<string, Known>();
      for (const span of readSpans(body, limits)) {
        for (const dialect of DIALECTS) {
          const role = dialect.role(span);
          if (role === undefined) continue;
          spans.set(`${span.traceId}:${span.spanId}`, { span, role, dialect });
          break;
        }
      }
      const runIds = new Map<Known, string>();
      // In time order, so that of two agent calls in one trace the earlier is the first.
      const inOrder = [...spans.values()].sort((a, b) =>
        (a.span.start ?? '') < (b.span.start ?? '') ? -1 : 1,
      );
      for (const known of inOrder) if (known.role === 'run') runIds.set(known, runIdOf(known, spans));

      const items: Item[] = [];
      const sent = new Set<string>();
      /** Which step asked for a tool call, by the call's id. */
      const askedBy = new Map<string, string>();
      const refer = (messages: Message[] | undefined): string[] | undefined =>
        messages?.map((message) => {
          const hash = `otlp-${fingerprint(JSON.stringify(message))}`;
          if (!sent.has(hash)) {
            sent.add(hash);
            items.push({ type: 'content', hash, body: message });
          }
          return hash;
        });

      for (const known of inOrder) {
        const { span, role, dialect } = known;
        if (role === 'group') continue;
        const base = {
          start_time: span.start,
          end_time: span.end,
          status_code: span.failed ? 2 : 0,
          status_message: span.message,
          outcome: span.end === undefined ? undefined : span.failed ? 'error' : 'ok',
        };
        const outer = enclosing(known, spans, 'run');
        if (role === 'run') {
          const run_id = runIds.get(known)!;
          items.push({
            type: 'run',
            run_id,
            ...base,
            ...dialect.run(span),
            parent_run_id: outer && runIds.get(outer),
            parent_tool_call_id: outer && toolCallId(enclosing(known, spans, 'tool_call')),
            sdk: `otlp/${span.scope || 'unknown'}`,
          });
          continue;
        }
        const run_id = (outer && runIds.get(outer)) ?? stampedRunId(span) ?? span.traceId;
        if (role === 'step') {
          const { fields, messages, output } = dialect.step(span);
          for (const id of callIds(output)) askedBy.set(`${run_id}:${id}`, span.spanId);
          items.push({
            type: 'step',
            run_id,
            step_id: span.spanId,
            ...base,
            ...fields,
            messages: refer(messages),
            output: refer(output),
          });
        } else {
          const id = toolCallId(known)!;
          items.push({
            type: 'tool_call',
            run_id,
            ...base,
            ...dialect.toolCall(span),
            tool_call_id: id,
            step_id: askedBy.get(`${run_id}:${id}`),
          });
        }
      }
      return items;
    },
  };
}

/** The nearest span of a role around this one, among the spans of the request. */
function enclosing(known: Known, spans: Map<string, Known>, role: SpanRole): Known | undefined {
  const passed = new Set<Known>([known]);
  let at: Known | undefined = known;
  while (at) {
    const { traceId, parentSpanId }: Span = at.span;
    at = parentSpanId === undefined ? undefined : spans.get(`${traceId}:${parentSpanId}`);
    if (!at || passed.has(at)) return undefined;
    if (at.role === role) return at;
    passed.add(at);
  }
  return undefined;
}

function stampedRunId(span: Span): string | undefined {
  for (const name of [
    'tcc.runId',
    'tcc.run_id',
    'ai.telemetry.metadata.tcc.runId',
    'ai.settings.context.tcc.runId',
  ]) {
    const value = span.attributes.get(name);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function toolCallId(known: Known | undefined): string | undefined {
  if (!known) return undefined;
  return (known.dialect.toolCall(known.span).tool_call_id as string | undefined) ?? known.span.spanId;
}

function callIds(messages: Message[] | undefined): string[] {
  return (messages ?? []).flatMap((message) =>
    Array.isArray(message.tool_calls)
      ? message.tool_calls.map((call: { id?: unknown }) => String(call.id))
      : [],
  );
}
