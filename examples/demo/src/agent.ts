import { currentRun, type Run, run, withRun } from '@observatory/core';
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
  sessionId?: string;
  conversational?: boolean;
  userId?: string;
  tags?: string[];
  metadata?: Record<string, unknown>;
  /** Receives the answer while it is written. Without it the model is not asked to stream. */
  onText?: (delta: string) => void;
  signal: AbortSignal;
}

export interface TurnAnswer {
  runId: string;
  text: string;
  /** What to remember of this turn. */
  messages: ChatCompletionMessageParam[];
}

/** One run: the model and its tools take turns until there is an answer. The wrapped client records the model's part. */
export async function answerTurn(client: OpenAI, request: TurnRequest): Promise<TurnAnswer> {
  const agent = agentNamed(request.agent);
  const r = run({
    name: agent.name,
    sessionId: request.sessionId,
    conversational: request.conversational,
    userId: request.userId,
    tags: [...agent.tags, ...(request.tags ?? [])],
    metadata: request.metadata,
  });
  r.prompt({ user_prompt: request.message, system_prompt: agent.instructions });
  // What the user has seen so far is the response of a run that breaks off.
  let seen = '';
  const { onText } = request;
  const watched: TurnRequest = !onText
    ? request
    : {
        ...request,
        onText: (delta) => {
          seen += delta;
          onText(delta);
        },
      };
  try {
    const answer = await withRun(r, () => loop(client, agent, watched, r));
    r.response(answer.text);
    if (answer.waitsForApproval) await observatory.endRun(r, { outcome: 'interrupted' });
    else await r.end();
    return { runId: r.runId, text: answer.text, messages: answer.messages };
  } catch (error) {
    if (seen) r.response(seen);
    if (request.signal.aborted) await observatory.endRun(r, { outcome: 'cancelled' });
    else await r.error(error instanceof Error ? error.message : String(error));
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), { runId: r.runId });
  }
}

async function loop(client: OpenAI, agent: Agent, request: TurnRequest, r: Run) {
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
    const results = await Promise.all(toolCalls.map((call) => callTool(client, call, request, r)));
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
  { id, name, args }: ToolCallRequest,
  request: TurnRequest,
  r: Run,
): Promise<string> {
  // The call that the model asked for: its arguments and its step are known.
  const call = r.toolCall({ name, toolCallId: id });
  try {
    const tool = tools[name];
    if (!tool) throw new Error(`There is no tool ${name}`);
    // Inside this scope a run that the tool starts knows which call it works for.
    const result = await observatory.within({ run: r, toolCall: call }, async () =>
      tool.execute(JSON.parse(args) as Record<string, unknown>, {
        signal: request.signal,
        delegate: async (agent, message) => {
          currentRun()?.metadata({ delegated_to: agent });
          return (await answerTurn(client, { agent, message, signal: request.signal })).text;
        },
      }),
    );
    call.result(result);
    call.end();
    return typeof result === 'string' ? result : JSON.stringify(result);
  } catch (error) {
    call.error(error);
    if (request.signal.aborted) throw error;
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
