import type { Entry, FeedbackEntry, RunEntry, StepEntry, ToolCallEntry } from './entry.js';
import { amend, emptyMerged, type Fields, type Merged } from './merge.js';
import { packMerged, unpackMerged } from './merged-text.js';
import { lastAlive, newRunState, type RunState, runEnd, runRow, runStart } from './run-state.js';
import type { Contents } from './sqlite-contents.js';
import type { Database, Row } from './sqlite-database.js';
import {
  type Labels,
  runLabels,
  runSearchText,
  stepSearchText,
  toolCallSearchText,
} from './sqlite-labels.js';
import { touchSession } from './sqlite-sessions.js';
import type { WriteReceipt, WriteResult } from './store.js';
import type { Micros } from './time.js';
import { addShare, modelOf, type Share, stepShare, toolCallShare } from './totals.js';

/** A run that the transaction has read or made; written back once, at its end. */
interface RunSlot {
  key: number;
  runId: string;
  state: RunState;
  isNew: boolean;
  labels: Labels;
  searchText: string;
  sessionId: string | undefined;
}

interface ChildSlot {
  key: number;
  run: RunSlot;
  id: string;
  merged: Merged;
  share: Share | undefined;
  isNew: boolean;
  searchText: string;
}

/** One transaction's work on runs, steps and tool calls. */
export interface WriteBatch {
  add(entry: Entry): WriteResult;
  /** Opens a run's slot, for what the collector itself changes. */
  runByKey(key: number): RunSlot | undefined;
  abandon(slot: RunSlot, liveWithin: Micros): void;
  /** Writes everything back. */
  finish(): WriteReceipt['runIds'];
}

export function readRunState(row: Row): RunState {
  const state = JSON.parse(row.state as string) as RunState;
  state.merged = unpackMerged(state.merged, JSON.parse(row.fields as string) as Fields);
  return state;
}

export function createWriteBatch(db: Database, contents: Contents, receivedAt: Micros): WriteBatch {
  const runs = new Map<string, RunSlot>();
  const steps = new Map<string, ChildSlot>();
  const toolCalls = new Map<string, ChildSlot>();
  const touched = new Set<string>();
  const sessions = new Set<string>();

  function loadRun(row: Row, runId: string): RunSlot {
    const state = readRunState(row);
    return {
      key: row.key as number,
      runId,
      state,
      isNew: false,
      labels: runLabels(state),
      searchText: runSearchText(state),
      sessionId: state.merged.fields.session_id as string | undefined,
    };
  }

  function run(runId: string, known: RunState['known']): RunSlot {
    let slot = runs.get(runId);
    if (!slot) {
      const row = db.get(
        'SELECT key, fields, state FROM runs JOIN run_states USING (key) WHERE run_id = ?',
        runId,
      );
      slot = row
        ? loadRun(row, runId)
        : {
            key: db.nextKey(),
            runId,
            state: newRunState(receivedAt),
            isNew: true,
            labels: new Map(),
            searchText: '',
            sessionId: undefined,
          };
      runs.set(runId, slot);
    }
    const { state } = slot;
    const rank = { feedback: 0, child: 1, run: 2 };
    if (rank[known] > rank[state.known]) state.known = known;
    if (known !== 'feedback') {
      state.lastSeen = Math.max(state.lastSeen, receivedAt);
      if (state.abandonedAt !== undefined) touched.add(runId);
      delete state.abandonedAt;
    }
    return slot;
  }

  function noteTimes(state: RunState, fields: Fields): void {
    for (const time of [fields.start_us, fields.end_us] as (Micros | undefined)[]) {
      if (time === undefined) continue;
      if (state.earliest === undefined || time < state.earliest) state.earliest = time;
      if (state.latest === undefined || time > state.latest) state.latest = time;
    }
  }

  function addRun(entry: RunEntry): WriteResult {
    const slot = run(entry.run_id, 'run');
    // A run cannot be its own parent: it would hide in no list and in every detail.
    if (entry.fields.parent_run_id === entry.run_id) delete entry.fields.parent_run_id;
    const fields = contents.intern(entry.fields, slot.key);
    const changed = amend(slot.state.merged, { ...entry, fields });
    if (!changed) return 'duplicate';
    noteTimes(slot.state, fields);
    touched.add(entry.run_id);
    const parent = fields.parent_run_id;
    if (typeof parent === 'string') {
      // Known only from its child, it stands where the child stands until its own item comes.
      noteTimes(run(parent, 'child').state, fields);
      touched.add(parent);
    }
    return 'accepted';
  }

  function child(
    slots: Map<string, ChildSlot>,
    table: 'steps' | 'tool_calls',
    idColumn: string,
    runSlot: RunSlot,
    id: string,
  ): ChildSlot {
    const name = `${runSlot.key}:${id}`;
    let slot = slots.get(name);
    if (!slot) {
      const row = db.get(
        `SELECT key, fields, state FROM ${table} WHERE run_key = ? AND ${idColumn} = ?`,
        runSlot.key,
        id,
      );
      if (row) {
        const { share, ...packed } = JSON.parse(row.state as string) as Merged & { share?: Share };
        const merged = unpackMerged(packed, JSON.parse(row.fields as string) as Fields);
        slot = {
          key: row.key as number,
          run: runSlot,
          id,
          merged,
          share,
          isNew: false,
          searchText: table === 'steps' ? stepSearchText(merged) : toolCallSearchText(merged),
        };
      } else {
        slot = {
          key: db.nextKey(),
          run: runSlot,
          id,
          merged: emptyMerged(),
          share: undefined,
          isNew: true,
          searchText: '',
        };
      }
      slots.set(name, slot);
    }
    return slot;
  }

  function addChild(entry: StepEntry | ToolCallEntry): WriteResult {
    const runSlot = run(entry.run_id, 'child');
    const isStep = entry.kind === 'step';
    const slot = isStep
      ? child(steps, 'steps', 'step_id', runSlot, entry.id)
      : child(toolCalls, 'tool_calls', 'tool_call_id', runSlot, entry.id);
    const fields = contents.intern(entry.fields, runSlot.key);
    if (!amend(slot.merged, { ...entry, fields })) return 'duplicate';
    const { totals } = runSlot.state;
    if (slot.share) addShare(totals, slot.share, -1);
    slot.share = isStep ? stepShare(slot.merged) : toolCallShare(slot.merged);
    addShare(totals, slot.share, 1);
    noteTimes(runSlot.state, fields);
    touched.add(entry.run_id);
    return 'accepted';
  }

  function addFeedback(entry: FeedbackEntry): WriteResult {
    const slot = run(entry.run_id, 'feedback');
    if (slot.isNew) writeRun(slot); // its key must exist before a row refers to it
    const added = db.run(
      'INSERT OR IGNORE INTO feedback (key, run_key, identity, score, text, time_us) VALUES (?, ?, ?, ?, ?, ?)',
      db.nextKey(),
      slot.key,
      entry.identity,
      entry.score ?? null,
      entry.text ?? null,
      entry.time ?? receivedAt,
    );
    if (added === 0) return 'duplicate';
    const latest = db.get(
      'SELECT score FROM feedback WHERE run_key = ? AND score IS NOT NULL ORDER BY time_us DESC, identity DESC LIMIT 1',
      slot.key,
    );
    if (latest) slot.state.feedback = latest.score as 'thumbs_up' | 'thumbs_down';
    touched.add(entry.run_id);
    return 'accepted';
  }

  function writeChildren(): void {
    const streamed = new Set<RunSlot>();
    for (const slot of steps.values()) {
      const { fields } = slot.merged;
      const start = (fields.start_us ?? fields.end_us ?? runStart(slot.run.state)) as Micros;
      const ttft = fields.time_to_first_token_ms as number | undefined;
      const firstToken = ttft === undefined ? null : start + Math.round(ttft * 1000);
      db.run(
        `INSERT INTO steps (key, run_key, step_id, start_us, end_us, model, cost_nano, cost_source, first_token_us, fields, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET start_us = excluded.start_us, end_us = excluded.end_us, model = excluded.model,
           cost_nano = excluded.cost_nano, cost_source = excluded.cost_source, first_token_us = excluded.first_token_us, fields = excluded.fields, state = excluded.state`,
        slot.key,
        slot.run.key,
        slot.id,
        start,
        (fields.end_us as Micros | undefined) ?? null,
        modelOf(fields) ?? null,
        slot.share?.cost ?? null,
        slot.share?.source ?? null,
        firstToken,
        JSON.stringify(fields),
        JSON.stringify({ ...packMerged(slot.merged), share: slot.share }),
      );
      if (firstToken !== null) streamed.add(slot.run);
      index(slot, stepSearchText(slot.merged));
    }
    for (const run of streamed) {
      const first = db.get('SELECT min(first_token_us) AS at FROM steps WHERE run_key = ?', run.key);
      run.state.firstToken = first?.at as Micros;
    }
    for (const slot of toolCalls.values()) {
      const { fields } = slot.merged;
      db.run(
        `INSERT INTO tool_calls (key, run_key, tool_call_id, start_us, end_us, tool_name, fields, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET start_us = excluded.start_us, end_us = excluded.end_us,
           tool_name = excluded.tool_name, fields = excluded.fields, state = excluded.state`,
        slot.key,
        slot.run.key,
        slot.id,
        (fields.start_us ?? fields.end_us ?? runStart(slot.run.state)) as Micros,
        (fields.end_us as Micros | undefined) ?? null,
        (fields.tool_name as string | undefined) ?? null,
        JSON.stringify(fields),
        JSON.stringify({ ...packMerged(slot.merged), share: slot.share }),
      );
      index(slot, toolCallSearchText(slot.merged));
    }
  }

  /** Indexing costs more than all the rest of a write: only what changed is indexed again. */
  function index(slot: { key: number; isNew: boolean; searchText: string }, text: string): void {
    if (text === slot.searchText) return;
    if (!slot.isNew && slot.searchText !== '') db.run('DELETE FROM search WHERE rowid = ?', slot.key);
    if (text !== '') db.run('INSERT INTO search (rowid, body) VALUES (?, ?)', slot.key, text);
    slot.searchText = text;
  }

  function writeRun(slot: RunSlot): void {
    const { state, key, runId } = slot;
    const row = runRow(runId, state);
    const { outcome, end, running } = runEnd(state);
    const start = runStart(state);
    const parent = row.parent_run_id ?? null;
    db.run(
      `INSERT INTO runs (key, run_id, listed, parent_run_id, session_id, conversational, name, user_id, environment, release,
         start_us, end_us, active_us, seen_us, running, outcome, status, duration_us, prompt_tokens, cached_tokens,
         cache_write_tokens, completion_tokens, reasoning_tokens, cost_nano, row)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET listed = excluded.listed, parent_run_id = excluded.parent_run_id,
         session_id = excluded.session_id, conversational = excluded.conversational, name = excluded.name,
         user_id = excluded.user_id, environment = excluded.environment, release = excluded.release,
         start_us = excluded.start_us, end_us = excluded.end_us, active_us = excluded.active_us, seen_us = excluded.seen_us,
         running = excluded.running, outcome = excluded.outcome, status = excluded.status, duration_us = excluded.duration_us,
         prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,
         cache_write_tokens = excluded.cache_write_tokens, completion_tokens = excluded.completion_tokens,
         reasoning_tokens = excluded.reasoning_tokens, cost_nano = excluded.cost_nano, row = excluded.row`,
      key,
      runId,
      state.known === 'feedback' ? -1 : parent === null ? 1 : 0,
      parent,
      row.session_id ?? null,
      row.conversational === undefined ? null : Number(row.conversational),
      row.name ?? null,
      row.user_id ?? null,
      row.environment ?? null,
      row.release ?? null,
      start,
      end ?? null,
      Math.max(start, state.latest ?? 0, end ?? 0),
      state.lastSeen,
      running && state.known !== 'feedback' ? 1 : 0,
      outcome ?? null,
      row.status_code ?? null,
      end === undefined ? null : Math.max(0, end - start),
      row.prompt_tokens ?? null,
      row.cached_tokens ?? null,
      row.cache_write_tokens ?? null,
      row.completion_tokens ?? null,
      row.reasoning_tokens ?? null,
      row.cost_usd === undefined ? null : state.totals.cost,
      JSON.stringify(row),
    );
    db.run(
      `INSERT INTO run_states (key, fields, state) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET fields = excluded.fields, state = excluded.state`,
      key,
      JSON.stringify(state.merged.fields),
      JSON.stringify({ ...state, merged: packMerged(state.merged) }),
    );
    writeLabels(slot);
    index(slot, runSearchText(state));
    for (const session of [slot.sessionId, row.session_id]) if (session !== undefined) sessions.add(session);
    slot.isNew = false;
    slot.sessionId = row.session_id;
  }

  function writeLabels(slot: RunSlot): void {
    const labels = runLabels(slot.state);
    for (const [name, { kind, value }] of slot.labels) {
      if (!labels.has(name))
        db.run('DELETE FROM labels WHERE kind = ? AND value = ? AND run_key = ?', kind, value, slot.key);
    }
    for (const [name, { kind, value }] of labels) {
      if (!slot.labels.has(name)) {
        db.run('INSERT OR IGNORE INTO labels (kind, value, run_key) VALUES (?, ?, ?)', kind, value, slot.key);
      }
    }
    slot.labels = labels;
  }

  return {
    add(entry) {
      switch (entry.kind) {
        case 'run':
          return addRun(entry);
        case 'step':
        case 'tool_call':
          return addChild(entry);
        case 'content':
          return contents.put(entry) ? 'accepted' : 'duplicate';
        case 'feedback':
          return addFeedback(entry);
        case 'loss':
          return db.run(
            'INSERT OR IGNORE INTO losses (loss_id, time_us, reason, items, runs, sdk) VALUES (?, ?, ?, ?, ?, ?)',
            entry.loss_id,
            entry.time,
            entry.reason,
            entry.items,
            entry.runs,
            entry.sdk ?? null,
          ) > 0
            ? 'accepted'
            : 'duplicate';
      }
    },
    runByKey(key) {
      const row = db.get(
        'SELECT key, run_id, fields, state FROM runs JOIN run_states USING (key) WHERE key = ?',
        key,
      );
      if (!row) return undefined;
      const slot = loadRun(row, row.run_id as string);
      runs.set(slot.runId, slot);
      return slot;
    },
    abandon(slot, liveWithin) {
      slot.state.abandonedAt = lastAlive(slot.state, liveWithin);
      touched.add(slot.runId);
    },
    finish() {
      writeChildren();
      for (const slot of runs.values()) writeRun(slot);
      for (const session of sessions) touchSession(db, session);
      return touched;
    },
  };
}
