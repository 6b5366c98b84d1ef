import * as callbacks from '@langchain/core/callbacks/base';
import * as manager from '@langchain/core/callbacks/manager';
import * as documents from '@langchain/core/documents';
import * as messages from '@langchain/core/messages';
import * as parsers from '@langchain/core/output_parsers';
import * as prompts from '@langchain/core/prompts';
import * as retrievers from '@langchain/core/retrievers';
import * as runnables from '@langchain/core/runnables';
import * as tools from '@langchain/core/tools';
import * as testing from '@langchain/core/utils/testing';
import * as graph from '@langchain/langgraph';
import * as prebuilt from '@langchain/langgraph/prebuilt';
import * as openai from '@langchain/openai';
import type { ModelServer } from '@observatory/testing';
import * as zod from 'zod';

export type Line = typeof callbacks &
  typeof manager &
  typeof documents &
  typeof messages &
  typeof parsers &
  typeof prompts &
  typeof retrievers &
  typeof runnables &
  typeof tools &
  typeof testing &
  typeof graph &
  typeof prebuilt &
  typeof openai & { z: typeof zod.z };

const current: Line = {
  ...callbacks,
  ...manager,
  ...documents,
  ...messages,
  ...parsers,
  ...prompts,
  ...retrievers,
  ...runnables,
  ...tools,
  ...testing,
  ...graph,
  ...prebuilt,
  ...openai,
  z: zod.z,
};

// The names are the same and so is what they do; the types of the old line differ in details no test relies on.
const old = (await import('@observatory/langchain-compat-0.3')) as unknown as Line & {
  AgentExecutor: unknown;
  createToolCallingAgent: unknown;
};

/** Both lines of LangChain, for `describe.each`. */
export const lines: [name: string, line: Line][] = [
  ['@langchain/core 1.x', current],
  ['@langchain/core 0.3', old],
];

export const oldLine: typeof old = old;

type ChatOptions = ConstructorParameters<typeof openai.ChatOpenAI>[0];

export const chat = (line: Line, server: ModelServer, options: ChatOptions = {}): openai.ChatOpenAI =>
  new line.ChatOpenAI({
    model: 'gpt-5',
    apiKey: 'test-key',
    maxRetries: 0,
    ...options,
    configuration: { baseURL: server.url, ...options?.configuration },
  });

export const user = (content: string) => ({ role: 'user', content });
