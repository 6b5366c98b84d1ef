/** What came of one row: what the hosts had ended, and what the collector has in the end. */
export interface Outcome {
  row: string;
  sent: number;
  stored: number;
  /** Ended and not stored. */
  missing: string[];
  /** Stored twice, or not whole. */
  wrong: string[];
  /** What the row promises beside "everything, once", and does not hold. */
  broken: string[];
  note: string;
  ms: number;
}

export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((o) => [
    o.row,
    `${o.sent}`,
    `${o.stored}`,
    `${o.missing.length}`,
    `${o.wrong.length}`,
    `${(o.ms / 1000).toFixed(1)}`,
    o.broken.length > 0 ? `BROKEN: ${o.broken.join('; ')}` : o.note,
  ]);
  const all = [['what happens', 'sent', 'stored', 'missing', 'doubled', 's', ''], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, i) =>
        i === 0 || i === 6 ? cell.padEnd(i === 6 ? 0 : widths[i]!) : cell.padStart(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}
