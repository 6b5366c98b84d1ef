import { run, session } from '@observatory/core';
import type OpenAI from 'openai';
import { answerInOwnRun } from './agent.js';
import { agentNamed } from './agents.js';
import { complete } from './complete.js';
import { researchTurn } from './conversations/research.js';
import { reviews } from './conversations/review-batch.js';

/** How many reviews are classified at a time. */
const BATCH_CONCURRENCY = 3;
const SYNC_TIMEOUT_MS = 4_000;

/** A batch: one session of independent runs. An answer that is not JSON fails its own run and no other. */
export async function classifyReviews(client: OpenAI, signal: AbortSignal): Promise<void> {
  const agent = agentNamed('review-triage');
  const batch = session(`reviews_${stamp()}`, { name: agent.name, tags: agent.tags, userId: 'nightly-job' });
  const queue = [...reviews.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
      const [index, { review }] = next;
      await batch
        .withRun({ metadata: { item: index + 1, of: reviews.length, source: 'shop-reviews' } }, async (r) => {
          r.prompt({ user_prompt: review, system_prompt: agent.instructions });
          const messages = [
            { role: 'system' as const, content: agent.instructions },
            { role: 'user' as const, content: review },
          ];
          const { message } = await complete(client, {
            model: agent.model,
            messages,
            tools: [],
            signal,
            onText: undefined,
          });
          const answer = typeof message.content === 'string' ? message.content : '';
          r.response(answer);
          JSON.parse(answer);
        })
        .catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: BATCH_CONCURRENCY }, worker));
}

/** A run of half a minute, to be watched while it runs. */
export async function researchMarket(client: OpenAI, signal: AbortSignal): Promise<void> {
  await answerInOwnRun(
    client,
    { agent: 'market-research', message: researchTurn.user, signal },
    { sessionId: `research_${stamp()}`, userId: 'pricing-team', metadata: { report: 'tents-2p' } },
  );
}

/** A run that nobody ends: its timeout closes it. */
export function forgetToEnd(): void {
  const r = run({
    name: 'stock-sync',
    timeout: SYNC_TIMEOUT_MS,
    tags: ['batch'],
    metadata: { warehouse: 'Borås' },
  });
  r.prompt('Compare the warehouse count with the shop and correct the shop.');
  r.toolCall('read_warehouse').args({ warehouse: 'Borås' }).result({ rows: 4812 }).end();
}

function stamp(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
}
