/** What the collector has, read as a user would: through its API. */
export interface StoredRuns {
  ids: Set<string>;
  /** Runs that came back more than once from the list, or do not have exactly the children they were recorded with. */
  wrong: string[];
  abandoned: string[];
}

export interface StoredRow {
  run_id: string;
  session_id?: string;
  step_count: number;
  tool_call_count: number;
  running: boolean;
  outcome?: string;
  response_preview?: string;
}

/** All runs, or those of a session. */
export async function readRows(url: string, session?: string): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = new URLSearchParams({
      limit: '100',
      ...(session && { session_id: session }),
      ...(cursor && { cursor }),
    });
    const response = await fetch(`${url}/api/runs?${query}`);
    if (!response.ok) throw new Error(`GET /api/runs: ${response.status} ${await response.text()}`);
    const page = (await response.json()) as { runs: StoredRow[]; next_cursor?: string };
    rows.push(...page.runs);
    cursor = page.next_cursor;
    if (!cursor) return rows;
  }
}

export async function readStoredRuns(url: string, session: string): Promise<StoredRuns> {
  const ids = new Set<string>();
  const wrong: string[] = [];
  const abandoned: string[] = [];
  for (const run of await readRows(url, session)) {
    if (run.outcome === 'abandoned') {
      abandoned.push(run.run_id);
      continue;
    }
    const whole =
      run.step_count === 1 &&
      run.tool_call_count === 1 &&
      run.outcome === 'ok' &&
      run.response_preview === `response of ${run.run_id}`;
    if (ids.has(run.run_id) || (!whole && !run.running)) wrong.push(run.run_id);
    if (!run.running) ids.add(run.run_id);
  }
  return { ids, wrong, abandoned };
}

export async function readLosses(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/api/overview`);
  const { losses } = (await response.json()) as { losses: { reason: string; items: number }[] };
  return Object.fromEntries(losses.map(({ reason, items }) => [reason, items]));
}
