import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import {
  Annotation,
  END,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  /** What the person said. */
  approved: Annotation<boolean>,
});

const receipts = tool(async ({ trip }) => `Hotel 240 €, train 89 € (${trip})`, {
  name: 'receipts',
  description: 'The receipts of a trip',
  schema: z.object({ trip: z.string() }),
});

/** Reads the receipts: a model and its tool take turns. */
function auditor(model: BaseChatModel) {
  const withTools = model.bindTools?.([receipts]) ?? model;
  return new StateGraph(MessagesAnnotation)
    .addNode('read', async ({ messages }) => ({ messages: [await withTools.invoke(messages)] }))
    .addNode('tools', new ToolNode([receipts]))
    .addEdge(START, 'read')
    .addConditionalEdges('read', ({ messages }) => {
      const last = messages.at(-1);
      return last instanceof AIMessage && last.tool_calls?.length ? 'tools' : END;
    })
    .addEdge('tools', 'read')
    .compile({ name: 'auditor' });
}

/** Audits a claim in a subgraph, asks a person, and only then pays. */
export const expenses = (model: BaseChatModel) =>
  new StateGraph(State)
    .addNode('audit', auditor(model))
    .addNode('approve', async ({ messages }) => ({
      approved: interrupt({ question: 'Pay this?', summary: messages.at(-1)?.text }) === 'yes',
    }))
    .addNode('settle', async ({ messages, approved }) => {
      const wish = approved ? 'Confirm the payment.' : 'Say politely that it is not paid.';
      return { messages: [await model.invoke([...messages, { role: 'user', content: wish }])] };
    })
    .addEdge(START, 'audit')
    .addEdge('audit', 'approve')
    .addEdge('approve', 'settle')
    .addEdge('settle', END)
    .compile({ name: 'expenses', checkpointer: new MemorySaver() });
