import { addScopeSource, shared } from '@observatory/core/recorder';
import { scopeInside } from './invocation.js';
import { bag } from './reading.js';

/** Under these names `@langchain/core` and LangSmith keep their async context, the same for every copy in a process. */
const CONTEXT = Symbol.for('ls:tracing_async_local_storage');
const CHILD_CONFIG = Symbol.for('lc:child_config');

interface Context {
  getStore?: () => { extra?: Record<symbol, unknown> } | undefined;
}

/** The invocation that LangChain's own context names: a node, tool or chain whose function is being run. */
export function ambientInvocationId(): string | undefined {
  const context = (globalThis as Record<symbol, unknown>)[CONTEXT] as Context | undefined;
  const config = context?.getStore?.()?.extra?.[CHILD_CONFIG];
  const callbacks = bag(bag(config).callbacks) as { getParentRunId?: () => unknown };
  const id = callbacks.getParentRunId?.();
  return typeof id === 'string' ? id : undefined;
}

/**
 * Lets everything that records know where it is inside nodes and tools: a call of a wrapped client there, or `currentRun()`,
 * finds the run of the graph and the tool call around it.
 */
export function watchAmbientInvocation(): void {
  shared('langchain.scope-source', () =>
    addScopeSource((entered) => scopeInside(ambientInvocationId(), entered)),
  );
}
