import { OUTCOME_ORDER } from '@observatory/core/wire';

type Schema = Record<string, unknown>;

const string: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const integer: Schema = { type: 'integer', minimum: 0 };
const boolean: Schema = { type: 'boolean' };
const time: Schema = { type: 'string', format: 'date-time' };
const free: Schema = { type: 'object', additionalProperties: true };
const outcome: Schema = { type: 'string', enum: [...OUTCOME_ORDER] };
const score: Schema = { type: 'string', enum: ['thumbs_up', 'thumbs_down'] };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});

const tokens = {
  prompt_tokens: integer,
  cached_tokens: integer,
  cache_write_tokens: integer,
  completion_tokens: integer,
  reasoning_tokens: integer,
};
const cost = { cost_usd: number, cost_source: { type: 'string', enum: ['client', 'price_list', 'partial'] } };
const span = {
  start_time: time,
  end_time: time,
  duration_ms: number,
  status_code: { type: 'integer', enum: [0, 2] },
  outcome,
  status_message: string,
  running: boolean,
};

const runRow = {
  run_id: string,
  session_id: string,
  conversational: boolean,
  name: string,
  user_id: string,
  tags: listOf(string),
  ...span,
  prompt_preview: string,
  response_preview: string,
  step_count: integer,
  tool_call_count: integer,
  error_count: integer,
  ...tokens,
  ...cost,
  models: listOf(string),
  time_to_first_token_ms: number,
  parent_run_id: string,
  parent_tool_call_id: string,
  environment: string,
  release: string,
  feedback_score: score,
};

const schemas: Record<string, Schema> = {
  RunRow: object(runRow, ['run_id', 'start_time', 'running', 'step_count', 'tool_call_count', 'error_count']),
  RunBody: {
    allOf: [
      ref('RunRow'),
      object({
        user_prompt: string,
        system_prompt: string,
        full_input: string,
        response: string,
        full_output: string,
        metadata: free,
        sdk: string,
      }),
    ],
  },
  SessionRow: object(
    {
      session_id: string,
      conversational: boolean,
      user_id: string,
      run_count: integer,
      error_count: integer,
      running_count: integer,
      start_time: time,
      end_time: time,
      last_activity_time: time,
      ...tokens,
      cost_usd: number,
      first_prompt: string,
      last_response: string,
    },
    ['session_id', 'conversational', 'run_count', 'start_time', 'last_activity_time'],
  ),
  Message: {
    ...object({ role: string, content: {}, name: string, tool_calls: {}, tool_call_id: string }, ['role']),
    additionalProperties: true,
  },
  StepBody: object(
    {
      step_id: string,
      run_id: string,
      ...span,
      model_requested: string,
      model_used: string,
      provider: string,
      finish_reason: string,
      prompt: string,
      response: string,
      messages: listOf(ref('Message')),
      message_hashes: listOf(string),
      output: listOf(ref('Message')),
      tool_definitions: {},
      parameters: free,
      metadata: free,
      prompt_uncached_tokens: integer,
      prompt_cached_tokens: integer,
      cache_write_tokens: integer,
      completion_tokens: integer,
      reasoning_tokens: integer,
      ...cost,
      time_to_first_token_ms: number,
    },
    ['step_id', 'run_id', 'start_time', 'running'],
  ),
  ToolCallBody: object(
    {
      tool_call_id: string,
      run_id: string,
      step_id: string,
      tool_name: string,
      kind: string,
      ...span,
      args: string,
      result: string,
      metadata: free,
    },
    ['tool_call_id', 'run_id', 'tool_name', 'start_time', 'running'],
  ),
  Feedback: object({ run_id: string, score, text: string, time }, ['run_id', 'time']),
  RunDetail: object(
    {
      run: ref('RunBody'),
      steps: listOf(ref('StepBody')),
      tool_calls: listOf(ref('ToolCallBody')),
      runs: listOf(ref('RunDetail')),
      feedback: listOf(ref('Feedback')),
      subtree: object({ ...tokens, cost_usd: number, run_count: integer }, ['run_count']),
    },
    ['run', 'steps', 'tool_calls', 'runs', 'feedback', 'subtree'],
  ),
  SearchHit: object(
    {
      run_id: string,
      session_id: string,
      where: {
        type: 'string',
        enum: [
          'prompt',
          'system_prompt',
          'response',
          'step',
          'tool_args',
          'tool_result',
          'error',
          'metadata',
          'name',
        ],
      },
      step_id: string,
      tool_call_id: string,
      snippet: { type: 'string', description: 'Plain text; each match stands between U+0002 and U+0003.' },
      run: ref('RunRow'),
    },
    ['run_id', 'where', 'snippet', 'run'],
  ),
  Facets: object(
    Object.fromEntries(
      ['name', 'outcome', 'model', 'tool', 'user_id', 'tag', 'environment', 'release'].map((name) => [
        name,
        listOf(object({ value: string, count: integer }, ['value', 'count'])),
      ]),
    ),
  ),
  Overview: object(
    {
      run_count: integer,
      session_count: integer,
      running_count: integer,
      error_count: integer,
      cost_usd: number,
      losses: listOf(object({ reason: string, items: integer, runs: integer, last_time: time })),
    },
    ['run_count', 'session_count', 'running_count', 'error_count', 'losses'],
  ),
  IngestReceipt: object(
    {
      accepted: integer,
      duplicate: integer,
      rejected: listOf(object({ index: integer, id: string, reason: string }, ['index', 'reason'])),
    },
    ['accepted', 'duplicate', 'rejected'],
  ),
  Deleted: object({ deleted: integer }, ['deleted']),
  Error: object({ error: object({ message: string, field: string, code: string }, ['message', 'code']) }, [
    'error',
  ]),
};

const query = (name: string, schema: Schema, description?: string) => ({
  name,
  in: 'query',
  schema,
  ...(description !== undefined && { description }),
});
const any = (schema: Schema): Schema => ({ type: 'array', items: schema });
const id = {
  name: 'id',
  in: 'path',
  required: true,
  schema: string,
  description: 'URL-encoded; may hold slashes.',
};
const paging = [
  query('limit', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
  query('cursor', string, 'next_cursor of the page before'),
];

const json = (schema: Schema) => ({ content: { 'application/json': { schema } } });
const problem = (description: string) => ({ description, ...json(ref('Error')) });

function operation(summary: string, answer: Schema, parameters: object[] = [], more: object = {}) {
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    responses: {
      200: { description: 'OK', ...json(answer) },
      ...(parameters.includes(id) && { 404: problem('There is none with this id.') }),
      ...(parameters.some((parameter) => parameter !== id) && {
        400: problem('A parameter is wrong: `field` names it.'),
      }),
    },
    ...more,
  };
}

const page = (name: string, row: string) => object({ [name]: listOf(ref(row)), next_cursor: string }, [name]);

const RUN_FILTERS = [
  ...['session_id', 'user_id', 'name', 'model', 'tool', 'tag', 'environment', 'release', 'parent_run_id'].map(
    (name) => query(name, any(string), 'Repeat it to mean any of its values.'),
  ),
  query('metadata.KEY', any(string), 'Runs whose metadata holds this value under KEY.'),
  query('status', any({ type: 'string', enum: ['ok', 'error', 'running'] })),
  query('outcome', any(outcome)),
  query('min_cost', number, 'US dollars'),
  query('min_duration_ms', number),
  query('from', time, 'Runs that started then or later.'),
  query('to', time, 'Runs that started then or earlier.'),
  query('q', string, 'Full text: all words must occur; the end of a word may be missing.'),
  query('include_nested', boolean, 'Also runs inside other runs.'),
];

const ingest = (summary: string, body: Schema) => ({
  post: operation(summary, ref('IngestReceipt'), [], {
    requestBody: {
      required: true,
      description: 'Content-Encoding gzip, deflate, br or zstd, or none.',
      ...json(body),
    },
    responses: {
      200: {
        description: 'Everything that is not among `rejected` is committed.',
        ...json(ref('IngestReceipt')),
      },
      400: problem('The body cannot be read.'),
      413: problem('The body is too large: split it.'),
      415: problem('The encoding or format is not known.'),
      503: problem('The store cannot write now: try again after Retry-After.'),
    },
  }),
});

/** What `GET /api/openapi.json` answers. */
export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Observatory collector',
    version: '1',
    description: 'Lists are newest first, with keyset cursors. Absent members are unknown, never 0.',
  },
  paths: {
    '/api/sessions': {
      get: operation('Sessions, by their last activity', page('sessions', 'SessionRow'), [
        query('q', string),
        ...paging,
      ]),
    },
    '/api/sessions/{id}': {
      get: operation(
        'A session and its runs, oldest first',
        object({ session: ref('SessionRow'), runs: listOf(ref('RunBody')), next_cursor: string }, [
          'session',
          'runs',
        ]),
        [id, ...paging],
      ),
      delete: operation('Removes all runs of a session', ref('Deleted'), [id]),
    },
    '/api/runs': { get: operation('Runs', page('runs', 'RunRow'), [...RUN_FILTERS, ...paging]) },
    '/api/runs/{id}': {
      get: operation('A run with all that hangs on it', ref('RunDetail'), [id]),
      delete: operation('Removes a run and those nested in it', ref('Deleted'), [id]),
    },
    '/api/users/{id}': { delete: operation('Removes all runs of a user', ref('Deleted'), [id]) },
    '/api/search': {
      get: operation('Texts that hold all words', page('hits', 'SearchHit'), [
        { ...query('q', string), required: true },
        ...paging,
      ]),
    },
    '/api/facets': { get: operation('What runs can be filtered by, most frequent first', ref('Facets')) },
    '/api/overview': { get: operation('Counts, cost, and what clients lost', ref('Overview')) },
    '/api/live': {
      get: {
        summary: 'Server-sent events: `run`, `deleted`, `reset`; resumes by Last-Event-ID or ?last_event_id=',
        responses: { 200: { description: 'A stream', content: { 'text/event-stream': { schema: string } } } },
      },
    },
    '/api/export': {
      get: {
        summary: 'Everything as wire items, one a line',
        responses: {
          200: { description: 'A stream', content: { 'application/x-ndjson': { schema: string } } },
        },
      },
    },
    '/v1/events': ingest('One wire item, or a batch of them', free),
    '/v1/custom': ingest("The seed product's clients", free),
    '/v1/feedback': ingest('Feedback on a run', object({ runId: string, score, text: string }, ['runId'])),
    '/v1/traces': ingest('OTLP/HTTP JSON (ExportTraceServiceRequest)', free),
  },
  components: {
    schemas,
    securitySchemes: { key: { type: 'http', scheme: 'bearer' }, browser: { type: 'http', scheme: 'basic' } },
  },
  // No key is needed on loopback unless the collector has some.
  security: [{}, { key: [] }, { browser: [] }],
};
