/** What makes one agent different from another. */
export interface Agent {
  name: string;
  model: string;
  instructions: string;
  /** Names of its tools, see tools.ts. */
  tools: string[];
  tags: string[];
}

const all: Agent[] = [
  {
    name: 'support-agent',
    model: 'gpt-4o-mini',
    instructions:
      'You are the support agent of Fjord & Field, an online shop for outdoor gear. Be brief and warm. Look things up instead of guessing. Never share data of other customers. Answer in Markdown.',
    tools: [
      'find_order',
      'track_shipment',
      'resend_locker_code',
      'check_stock',
      'search_catalog',
      'start_return',
      'get_policy',
      'request_refund',
      'get_shipping_rates',
    ],
    tags: ['support', 'shop'],
  },
  {
    name: 'travel-planner',
    model: 'gpt-4.1',
    instructions:
      'You plan trips. Use the tools for prices and weather, ask the local expert for anything that is not in a database, and show plans and sums as tables.',
    tools: ['search_flights', 'search_hotels', 'weather_history', 'ask_local_expert', 'calculate'],
    tags: ['travel'],
  },
  {
    name: 'local-expert',
    model: 'o4-mini',
    instructions:
      'You have lived in the city all your life. Check opening hours before you recommend a place. Two sentences.',
    tools: ['search_events', 'opening_hours'],
    tags: ['travel', 'nested'],
  },
  {
    name: 'code-helper',
    model: 'gpt-5',
    instructions:
      'You help programmers in their editor. Show code first, then say why in a few words. Run the tests you write.',
    tools: ['write_file', 'run_tests'],
    tags: ['coding'],
  },
  {
    name: 'review-triage',
    model: 'gpt-4.1-mini',
    instructions:
      'Classify the product review. Answer with JSON only: {"sentiment": …, "topics": [...], "urgent": …}.',
    tools: [],
    tags: ['batch'],
  },
  {
    name: 'market-research',
    model: 'o4-mini',
    instructions:
      'You research markets for Fjord & Field. Search, read, calculate, then recommend, with sources.',
    tools: ['web_search', 'fetch_page', 'calculate'],
    tags: ['research', 'slow'],
  },
];

export const agents: ReadonlyMap<string, Agent> = new Map(all.map((agent) => [agent.name, agent]));

export function agentNamed(name: string): Agent {
  const agent = agents.get(name);
  if (!agent) throw new Error(`There is no agent ${name}; there are ${[...agents.keys()].join(', ')}.`);
  return agent;
}
