import type { Scene } from './fault-scene.ts';
import { readLosses } from './stored-runs.ts';

export const sum = (numbers: (number | undefined)[]) =>
  numbers.reduce<number>((total, n) => total + (n ?? 0), 0);

/** What is lost is counted: by the host's diagnostics, and by the collector when it is back. */
export async function lossIsCounted(
  scene: Scene,
  before: Record<string, number>,
  reason: string,
): Promise<string> {
  const after = await readLosses(scene.collector.url);
  const counted = (after[reason] ?? 0) - (before[reason] ?? 0);
  const reported = sum(
    scene
      .diagnostics()
      .filter(({ kind }) => kind === 'dropped')
      .map(({ count }) => count),
  );
  const { ids } = await scene.stored();
  const missing = [...scene.ended().keys()].filter((id) => !ids.has(id)).length;
  scene.expect(`something was lost`, missing > 0);
  scene.expect(
    `the collector counts what the host reported: ${counted} and ${reported}`,
    counted === reported,
  );
  scene.expect(`${counted} items account for ${missing} runs`, counted >= missing);
  return `${missing} runs lost; ${counted} items counted as ${reason}`;
}
