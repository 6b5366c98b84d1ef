/** What every benchmark does: ask a process that measures, take the middle of what it says, print it as a table. */

/** Sends a message, if there is one, and resolves with the next answer. */
export const ask = (child, message) =>
  new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the process ended'));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      if (answer.error) reject(new Error(answer.error));
      else resolve(answer);
    });
    if (message) child.send(message);
  });

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** As Markdown, aligned: the first column to the left, numbers to the right. */
export function printTable(header, rows) {
  const all = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  console.log(line(all[0]));
  console.log(
    `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`,
  );
  for (const row of all.slice(1)) console.log(line(row));
}

const receipt = {
  delivered: 0,
  queued: 0,
  spooled: 0,
  dropped: 0,
  dropped_by_reason: {},
  rejected: [],
  complete: true,
};

/** An outbox that keeps nothing, for what is measured without delivery, which has a benchmark of its own. */
export const noDelivery = {
  eager: false,
  add: () => {},
  acknowledged: async () => {},
  flush: async () => receipt,
  shutdown: async () => receipt,
  receipt: () => receipt,
};
