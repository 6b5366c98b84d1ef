import { observe } from '@observatory/decorators';
import type OpenAI from 'openai';

/** An agent as a class: a call of `answer` is a run, the tools it uses and its model calls are inside. */
export class Concierge {
  private readonly client: OpenAI;
  private readonly tables = new Map([
    ['19:00', 2],
    ['21:00', 4],
  ]);

  constructor(client: OpenAI) {
    this.client = client;
  }

  @observe({ as: 'run', name: 'concierge' })
  async answer(wish: string): Promise<string> {
    const party = await this.partyOf(wish);
    const free = [...this.findTables(party)];
    const time = free[0];
    if (time === undefined) return 'We are full tonight.';
    return `A table for ${party} at ${time}: ${await this.reserve(time, party)}.`;
  }

  /** The model reads the wish: a step of the run, by the wrapped client. */
  private async partyOf(wish: string): Promise<number> {
    const completion = await this.client.chat.completions.create({
      model: 'gpt-5-mini',
      messages: [
        { role: 'system', content: 'Answer with the number of guests only.' },
        { role: 'user', content: wish },
      ],
    });
    return Number(completion.choices[0]?.message.content);
  }

  /** A generator stays one, and what it gave out is the result of the tool call. */
  @observe({ as: 'tool', name: 'find_tables' })
  *findTables(party: number): Generator<string> {
    for (const [time, seats] of this.tables) if (seats >= party) yield time;
  }

  @observe({ as: 'tool', name: 'reserve' })
  async reserve(time: string, party: number): Promise<string> {
    if (!this.tables.delete(time)) throw new Error(`There is no table at ${time}`);
    return `reserved for ${party}`;
  }
}
