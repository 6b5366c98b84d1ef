import { report } from '@observatory/core/recorder';
import { watchAmbientInvocation } from './ambient-parent.js';
import { endChain, failChain, interrupted, resumedFrom, startChain } from './chain.js';
import { onAbandoned } from './invocation.js';
import type { RunDetails } from './map-metadata.js';
import { abandonModel, addStreamEvent, addToken, endModel, failModel, startModel } from './model-call.js';
import { isRoot, type Origin, readStart } from './start.js';
import {
  abandonTool,
  announce,
  endRetrieval,
  endTool,
  failRetrieval,
  failTool,
  startRetrieval,
  startTool,
} from './tool-run.js';

export interface HandlerOptions extends RunDetails {
  /**
   * Keys of LangChain's `metadata` to keep on the run. Everything else in it stays here, for older versions copy all of
   * `configurable` into it, secrets included. What stands under `metadata.observatory` is always kept.
   */
  metadataKeys?: readonly string[] | undefined;
}

/** One constant name: LangChain tells handlers apart by it. */
export const HANDLER_NAME = 'observatory_callback_handler';

/** LangGraph's mark of a handler that wants to hear of interrupts and resumes (1.4.18 and later). */
const GRAPH_LIFECYCLE = Symbol.for('langgraph.graph_callback_handler');

/** An observed call must not notice: what fails in a callback is reported, and the callback returns nothing. */
function observe(work: () => void): void {
  try {
    work();
  } catch (cause) {
    report({
      kind: 'langchain-adapter',
      message: 'A LangChain callback could not be recorded; the call itself is not affected.',
      cause,
    });
  }
}

onAbandoned((invocation) =>
  observe(() => {
    if (invocation.kind === 'model') abandonModel(invocation);
    else if (invocation.kind !== 'chain') abandonTool(invocation);
    if (isRoot(invocation)) invocation.book.end({ outcome: 'abandoned' });
  }),
);

/**
 * Records what LangChain and LangGraph do: a run per invocation (or within the run the code is in), a step per model
 * attempt, a tool call per tool and per retriever. Give one handler to as many invocations as you like, also concurrent ones.
 *
 * Its methods are called by LangChain. All of them are synchronous, none of them throws.
 *
 * @example
 * ```ts
 * const handler = new ObservatoryCallbackHandler({ userId: 'u-7' });
 * const answer = await agent.invoke(
 *   { messages: [{ role: 'user', content: 'What is the weather in Oslo?' }] },
 *   { callbacks: [handler], configurable: { thread_id: 'chat-42' } },
 * );
 * ```
 */
export class ObservatoryCallbackHandler {
  readonly name = HANDLER_NAME;
  /** In the background LangChain calls handlers one after the other, later, in somebody else's context. */
  readonly awaitHandlers = true;
  readonly raiseError = false;
  readonly ignoreLLM = false;
  readonly ignoreChain = false;
  readonly ignoreAgent = false;
  readonly ignoreRetriever = false;
  readonly ignoreCustomEvent = true;
  readonly lc_serializable = false;
  readonly [GRAPH_LIFECYCLE] = true;
  #origin: Origin;

  constructor(options: HandlerOptions = {}) {
    watchAmbientInvocation();
    const { metadataKeys, ...details } = options;
    this.#origin = { details, metadataKeys: metadataKeys ?? [] };
  }

  /** @internal A handler that the global hook puts into one call. */
  static bound(origin: Origin): ObservatoryCallbackHandler {
    const handler = new ObservatoryCallbackHandler();
    handler.#origin = origin;
    return handler;
  }

  /** @internal */
  get origin(): Origin {
    return this.#origin;
  }

  copy(): this {
    return this;
  }

  toJSON(): { lc: 1; type: 'not_implemented'; id: string[] } {
    return { lc: 1, type: 'not_implemented', id: ['observatory', 'langchain', 'ObservatoryCallbackHandler'] };
  }

  // LangChain's declaration names other arguments at the 4th, 7th and 8th place; these are what it passes, in 0.3 and 1.x.
  handleChainStart(
    chain: unknown,
    inputs: unknown,
    runId: string,
    parentRunId?: string,
    tags?: string[],
    metadata?: Record<string, unknown>,
    runType?: string,
    runName?: string,
  ): void {
    observe(() =>
      startChain(
        readStart(this.#origin, chain, runId, parentRunId, tags, metadata, runName),
        inputs,
        runType,
      ),
    );
  }

  handleChainEnd(outputs: unknown, runId: string): void {
    observe(() => endChain(runId, outputs));
  }

  handleChainError(error: unknown, runId: string): void {
    observe(() => failChain(runId, error));
  }

  handleChatModelStart(
    model: unknown,
    messages: unknown,
    runId: string,
    parentRunId?: string,
    extraParams?: Record<string, unknown>,
    tags?: string[],
    metadata?: Record<string, unknown>,
    runName?: string,
  ): void {
    observe(() =>
      startModel(
        readStart(this.#origin, model, runId, parentRunId, tags, metadata, runName),
        messages,
        extraParams,
      ),
    );
  }

  handleLLMStart(
    model: unknown,
    prompts: unknown,
    runId: string,
    parentRunId?: string,
    extraParams?: Record<string, unknown>,
    tags?: string[],
    metadata?: Record<string, unknown>,
    runName?: string,
  ): void {
    observe(() =>
      startModel(
        readStart(this.#origin, model, runId, parentRunId, tags, metadata, runName),
        prompts,
        extraParams,
      ),
    );
  }

  handleLLMNewToken(
    token: string,
    _index: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    fields?: unknown,
  ): void {
    observe(() => addToken(runId, token, fields));
  }

  handleChatModelStreamEvent(event: unknown, runId: string): void {
    observe(() => addStreamEvent(runId, event));
  }

  handleLLMEnd(
    output: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    extraParams?: Record<string, unknown>,
  ): void {
    observe(() => endModel(runId, output, extraParams));
  }

  handleLLMError(error: unknown, runId: string): void {
    observe(() => failModel(runId, error));
  }

  handleToolStart(
    tool: unknown,
    input: string,
    runId: string,
    parentRunId?: string,
    tags?: string[],
    metadata?: Record<string, unknown>,
    runName?: string,
    toolCallId?: string,
  ): void {
    observe(() =>
      startTool(
        readStart(this.#origin, tool, runId, parentRunId, tags, metadata, runName),
        input,
        toolCallId,
      ),
    );
  }

  handleToolEnd(output: unknown, runId: string): void {
    observe(() => endTool(runId, output));
  }

  handleToolError(error: unknown, runId: string): void {
    observe(() => failTool(runId, error));
  }

  handleRetrieverStart(
    retriever: unknown,
    query: string,
    runId: string,
    parentRunId?: string,
    tags?: string[],
    metadata?: Record<string, unknown>,
    name?: string,
  ): void {
    observe(() =>
      startRetrieval(readStart(this.#origin, retriever, runId, parentRunId, tags, metadata, name), query),
    );
  }

  handleRetrieverEnd(documents: unknown, runId: string): void {
    observe(() => endRetrieval(runId, documents));
  }

  handleRetrieverError(error: unknown, runId: string): void {
    observe(() => failRetrieval(runId, error));
  }

  /** Comes with the id of the agent's chain: it is no start, but names the provider's id of the call that follows. */
  handleAgentAction(action: unknown, runId: string): void {
    observe(() => announce(runId, action));
  }

  handleInterrupt(event: unknown): void {
    observe(() => interrupted(event));
  }

  handleResume(event: unknown): void {
    observe(() => resumedFrom(event));
  }
}
