// What the tests use, under one name, so that a test runs on either line.
export { BaseCallbackHandler } from '@langchain/core/callbacks/base';
export { CallbackManager } from '@langchain/core/callbacks/manager';
export { Document } from '@langchain/core/documents';
export { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
export { StringOutputParser } from '@langchain/core/output_parsers';
export { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts';
export { BaseRetriever } from '@langchain/core/retrievers';
export { Runnable, RunnableLambda, RunnablePassthrough, RunnableSequence } from '@langchain/core/runnables';
export { tool } from '@langchain/core/tools';
export { FakeListChatModel } from '@langchain/core/utils/testing';
export {
  Annotation,
  Command,
  END,
  entrypoint,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
  task,
} from '@langchain/langgraph';
export { createReactAgent, ToolNode } from '@langchain/langgraph/prebuilt';
export { ChatOpenAI, OpenAI } from '@langchain/openai';
export { AgentExecutor, createToolCallingAgent } from 'langchain/agents';
export { createRetrieverTool } from 'langchain/tools/retriever';
export { z } from 'zod';
