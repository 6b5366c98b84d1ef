/** What the collector has, read as a user would: through its API. */
export interface StoredRuns {
  ids: Set<string>;
  /** Runs that came back more than once from the list, or do not have exactly the children they were recorded with. */
  wrong: string[];
  abandoned: string[];
}

interface Row {
  run_id: string;
  step_count: number;
  tool_call_count: number;
  running: boolean;
  outcome?: string;
  response_preview?: string;
}

export async function readStoredRuns(url: string, session: string): Promise<StoredRuns> {
  const ids = new Set<string>();
  const wrong: string[] = [];
  const abandoned: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = new URLSearchParams({ session_id: session, limit: '100', ...(cursor && { cursor }) });
    const response = await fetch(`${url}/api/runs?${query}`);
    if (!response.ok) throw new Error(`GET /api/runs: ${response.status} ${await response.text()}`);
    const page = (await response.json()) as { runs: Row[]; next_cursor?: string };
    for (const run of page.runs) {
      if (run.outcome === 'abandoned') abandoned.push(run.run_id);
      else {
        const whole =
          run.step_count === 1 &&
          run.tool_call_count === 1 &&
          run.outcome === 'ok' &&
          run.response_preview === `response of ${run.run_id}`;
        if (ids.has(run.run_id) || (!whole && !run.running)) wrong.push(run.run_id);
        if (!run.running) ids.add(run.run_id);
      }
    }
    cursor = page.next_cursor;
    if (!cursor) return { ids, wrong, abandoned };
  }
}

export async function readLosses(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/api/overview`);
  const { losses } = (await response.json()) as { losses: { reason: string; items: number }[] };
  return Object.fromEntries(losses.map(({ reason, items }) => [reason, items]));
}
