import { currentRun, run, traced, withRun } from '@observatory/core';
import { recorder } from '@observatory/core/recorder';
import type OpenAI from 'openai';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';
import { type Agent, agentNamed } from './agents.js';
import { complete, type ToolCallRequest } from './complete.js';
import { tools } from './tools.js';

/** More steps than any scripted turn takes; a model that never stops asking for tools is stopped here. */
const MAX_STEPS = 8;

const observatory = recorder('@observatory/example-demo/0.0.0');

export interface TurnRequest {
  agent: string;
  message: string;
  /** Earlier messages of the conversation. */
  history?: ChatCompletionMessageParam[];
  /** Receives the answer while it is written. Without it the model is not asked to stream. */
  onText?: (delta: string) => void;
  signal: AbortSignal;
}

export interface TurnAnswer {
  text: string;
  /** What to remember of this turn. */
  messages: ChatCompletionMessageParam[];
}

/**
 * The model and its tools take turns until there is an answer. The run is that of the request, and what happens in it is
 * recorded by the wrapped client and the traced tools.
 */
export async function answerTurn(client: OpenAI, request: TurnRequest): Promise<TurnAnswer> {
  const { text, messages, waitsForApproval } = await loop(client, agentNamed(request.agent), request);
  const r = currentRun();
  // Only the app knows that nobody is done yet: a person has to approve.
  if (waitsForApproval && r) await observatory.endRun(r, { outcome: 'interrupted' });
  return { text, messages };
}

export interface OwnRun {
  sessionId?: string;
  userId?: string;
  metadata?: Record<string, unknown>;
}

/** A turn that no request asked for, in a run of its own: a job's, or that of an agent that another one asks. */
export async function answerInOwnRun(
  client: OpenAI,
  request: TurnRequest,
  own: OwnRun = {},
): Promise<TurnAnswer> {
  const { name, tags, instructions } = agentNamed(request.agent);
  const r = run({ name, tags, ...own });
  r.prompt({ user_prompt: request.message, system_prompt: instructions });
  try {
    const answer = await withRun(r, () => answerTurn(client, request));
    r.response(answer.text);
    await r.end();
    return answer;
  } catch (error) {
    if (request.signal.aborted) await observatory.endRun(r, { outcome: 'cancelled' });
    else await r.error(error);
    throw error;
  }
}

async function loop(client: OpenAI, agent: Agent, request: TurnRequest) {
  const opening: ChatCompletionMessageParam = { role: 'user', content: request.message };
  const messages: ChatCompletionMessageParam[] = [opening];
  let waitsForApproval = false;
  for (let count = 0; count < MAX_STEPS; count++) {
    const conversation: ChatCompletionMessageParam[] = [
      { role: 'system', content: agent.instructions },
      ...(request.history ?? []),
      ...messages,
    ];
    const { message, toolCalls } = await complete(client, {
      model: agent.model,
      messages: conversation,
      tools: agent.tools.map(definition),
      signal: request.signal,
      onText: request.onText,
    });
    messages.push(message);
    if (toolCalls.length === 0) {
      const text = message.content ?? message.refusal;
      return { text: typeof text === 'string' ? text : '', messages, waitsForApproval };
    }
    // Tools that were asked for together run together.
    const results = await Promise.all(toolCalls.map((call) => callTool(client, call, request)));
    for (const [index, content] of results.entries()) {
      messages.push({ role: 'tool', tool_call_id: toolCalls[index]!.id, content });
      if (content.includes('waiting_for_approval')) waitsForApproval = true;
    }
  }
  throw new Error(`${agent.name} did not come to an answer within ${MAX_STEPS} steps`);
}

/** What the tool says, or what went wrong: the model is told either way, so that it can try something else. */
async function callTool(
  client: OpenAI,
  { name, args }: ToolCallRequest,
  request: TurnRequest,
): Promise<string> {
  const { signal } = request;
  // A run that the tool starts knows which call it works for.
  const delegate = async (agent: string, message: string) => {
    currentRun()?.metadata({ delegated_to: agent });
    return (await answerInOwnRun(client, { agent, message, signal })).text;
  };
  const execute = traced(
    async (input: Record<string, unknown>) => {
      const tool = tools[name];
      if (!tool) throw new Error(`There is no tool ${name}`);
      return tool.execute(input, { signal, delegate });
    },
    { as: 'tool', name },
  );
  try {
    const result = await execute(JSON.parse(args) as Record<string, unknown>);
    return typeof result === 'string' ? result : JSON.stringify(result);
  } catch (error) {
    if (signal.aborted) throw error;
    return `Error: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function definition(name: string): ChatCompletionTool {
  const { description, parameters } = tools[name]!;
  return {
    type: 'function',
    function: { name, description, parameters: { type: 'object', properties: parameters } },
  };
}
