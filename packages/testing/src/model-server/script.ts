import type { Match, Reply, Rule, Script } from './reply.js';
import type { ModelRequest } from './request.js';

/** Thrown to answer with HTTP 500 in OpenAI's error shape, marked as not worth a retry. */
export class ScriptError extends Error {}

/** Finds the reply for each request. Undefined leaves the request to the endpoint's default answer. */
export interface Player {
  next(request: ModelRequest): Promise<Reply | undefined>;
}

const TEXT_ENDPOINTS: readonly string[] = ['chat', 'responses', 'completions'];

/** Plays a script from its beginning; without one every request is echoed. */
export function player(script: Script | undefined): Player {
  if (script === undefined)
    return { next: async (request) => (asksForText(request) ? echo(request) : undefined) };
  if (typeof script === 'function') return functionPlayer(script);
  const rules = script.filter(isRule).map(ruleState);
  const turns = script.filter((entry): entry is Reply => !isRule(entry));
  let turn = 0;
  return {
    async next(request) {
      const rule = rules.find((candidate) => candidate.matches(request));
      if (rule) return rule.reply(request);
      if (!asksForText(request)) return undefined;
      const reply = turns[turn];
      if (reply === undefined) throw new ScriptError(ranOut(request, turns.length, rules.length));
      turn++;
      return reply;
    },
  };
}

function functionPlayer(script: Extract<Script, (...args: never[]) => unknown>): Player {
  let turn = 0;
  return {
    async next(request) {
      const number = turn++;
      let reply: Reply | undefined;
      try {
        reply = await script(request, number);
      } catch (error) {
        throw new ScriptError(`modelServer: the script threw on turn ${number}: ${String(error)}`);
      }
      if (reply === undefined && asksForText(request)) {
        throw new ScriptError(
          `modelServer: the script returned nothing for turn ${number} (${describe(request)}).`,
        );
      }
      return reply;
    },
  };
}

function ruleState(rule: Rule) {
  let used = 0;
  return {
    matches: (request: ModelRequest) =>
      used < (rule.times ?? Number.POSITIVE_INFINITY) && matches(rule.when, request),
    async reply(request: ModelRequest): Promise<Reply> {
      const number = used++;
      if (typeof rule.reply === 'function') return rule.reply(request);
      if (!Array.isArray(rule.reply)) return rule.reply;
      const reply = rule.reply[Math.min(number, rule.reply.length - 1)];
      if (reply === undefined) throw new ScriptError('modelServer: a rule has an empty list of replies.');
      return reply;
    },
  };
}

function matches(when: Match, request: ModelRequest): boolean {
  if (when.endpoint === undefined ? !asksForText(request) : when.endpoint !== request.endpoint) return false;
  if (when.model !== undefined && !holds(when.model, request.model, true)) return false;
  if (when.lastUser !== undefined && !holds(when.lastUser, request.lastUser)) return false;
  if (when.lastMessage !== undefined && !holds(when.lastMessage, request.messages.at(-1)?.text ?? ''))
    return false;
  if (when.stream !== undefined && when.stream !== request.stream) return false;
  const { toolResult } = when;
  if (typeof toolResult === 'boolean') {
    if (toolResult !== request.toolResults.length > 0) return false;
  } else if (toolResult !== undefined) {
    if (!request.toolResults.some(({ text }) => holds(toolResult, text))) return false;
  }
  return when.test?.(request) ?? true;
}

function holds(wanted: string | RegExp, actual: string, whole = false): boolean {
  if (typeof wanted !== 'string') return wanted.test(actual);
  return whole ? actual === wanted : actual.includes(wanted);
}

function asksForText(request: ModelRequest): boolean {
  return request.method === 'POST' && TEXT_ENDPOINTS.includes(request.endpoint);
}

function isRule(entry: Reply | Rule): entry is Rule {
  return typeof entry === 'object' && 'when' in entry;
}

function echo(request: ModelRequest): Reply {
  return { text: `You said: ${request.lastUser}` };
}

function ranOut(request: ModelRequest, turns: number, rules: number): string {
  const had = turns === 1 ? '1 turn' : `${turns} turns`;
  const tried = rules > 0 ? ' and no rule matches' : '';
  return `modelServer: the script ran out: it has ${had}${tried}, and one more request came (${describe(request)}).`;
}

function describe(request: ModelRequest): string {
  const last = request.messages.at(-1);
  const ending = last ? `, last message: ${last.role} ${JSON.stringify(last.text.slice(0, 80))}` : '';
  return `${request.method} ${request.path}, model ${request.model || 'none'}${ending}`;
}
