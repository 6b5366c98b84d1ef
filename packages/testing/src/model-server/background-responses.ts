import type { NextId } from './answer.js';
import type { Delivery } from './delivery.js';
import { httpError } from './errors.js';
import type { ModelRequest } from './request.js';

type Json = Record<string, unknown>;

/** A response that can be asked for again by id: `GET /responses/:id`, its stream, its input and `/cancel`. */
interface Stored {
  /** All events from `response.created` to the end. */
  events: Json[];
  input: unknown;
  pollsLeft: number;
  cancelled: boolean;
}

/** Enough for any test, and a demo that runs for days stays small. */
const KEPT = 500;

export interface StoredResponses {
  keep(events: Json[], request: ModelRequest, polls: number): void;
  /** Answers everything under `/responses/` but the compact endpoint. */
  answer(request: ModelRequest, deliver: Delivery): Promise<void>;
  /** Answers `POST /responses/compact`. */
  compact(request: ModelRequest, deliver: Delivery, nextId: NextId): Promise<void>;
}

export function storedResponses(): StoredResponses {
  const byId = new Map<string, Stored>();
  return {
    keep(events, request, polls) {
      const id = responseOf(events[0])?.id;
      if (typeof id !== 'string') return;
      byId.set(id, { events, input: request.body?.input, pollsLeft: polls, cancelled: false });
      const [oldest] = byId.keys();
      if (byId.size > KEPT && oldest !== undefined) byId.delete(oldest);
    },

    async answer(request, deliver) {
      const [, , id = '', action] = request.path.split('/');
      const stored = byId.get(decodeURIComponent(id));
      if (!stored) {
        const { status, body } = httpError({
          status: 404,
          message: `Response with id '${id}' not found.`,
          code: null,
        });
        await deliver.json(status, body);
        return;
      }
      if (request.method === 'DELETE') {
        byId.delete(id);
        await deliver.json(200, { id, object: 'response', deleted: true });
      } else if (action === 'cancel') {
        if (stored.pollsLeft > 0) stored.cancelled = true;
        await deliver.json(200, current(stored));
      } else if (action === 'input_items') {
        await deliver.json(200, { object: 'list', data: inputItems(stored.input), has_more: false });
      } else if (/[?&]stream=true/.test(request.url)) {
        const after = Number(/[?&]starting_after=(\d+)/.exec(request.url)?.[1] ?? -1);
        const rest = stored.events.filter((event) => Number(event.sequence_number) > after);
        stored.pollsLeft = 0;
        await deliver.events(rest, { named: true, done: false });
      } else {
        const response = current(stored);
        if (stored.pollsLeft > 0) stored.pollsLeft--;
        await deliver.json(200, response);
      }
    },

    async compact(request, deliver, nextId) {
      const item = { id: nextId('cmp_'), type: 'compaction', encrypted_content: 'compacted' };
      const input_tokens = Math.ceil(request.rawBody.length / 4);
      await deliver.json(200, {
        id: nextId('resp_'),
        object: 'response.compaction',
        created_at: Math.floor(Date.now() / 1000),
        output: [item],
        usage: {
          input_tokens,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 3,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: input_tokens + 3,
        },
      });
    },
  };
}

function current(stored: Stored): unknown {
  const first = responseOf(stored.events[0]);
  if (stored.cancelled) return { ...first, status: 'cancelled' };
  if (stored.pollsLeft > 0) return { ...first, status: 'in_progress' };
  return responseOf(stored.events.at(-1));
}

function responseOf(event: Json | undefined): Json | undefined {
  return event?.response as Json | undefined;
}

function inputItems(input: unknown): unknown[] {
  if (Array.isArray(input)) return input;
  return [
    {
      id: 'msg_input',
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: String(input ?? '') }],
    },
  ];
}
