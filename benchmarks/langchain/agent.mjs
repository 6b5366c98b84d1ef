/** The app that is measured: an agent of LangGraph's on a model in this process, three model calls and two tool calls. */
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, AIMessageChunk, HumanMessage } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import { tool } from '@langchain/core/tools';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';

const QUESTION = 'Which of these cities is warmer today, and what do I pack? '.repeat(35);
const THOUGHT = 'First I look at the weather in the city. '.repeat(25);

class ScriptedModel extends BaseChatModel {
  _llmType() {
    return 'scripted';
  }

  bindTools() {
    return this;
  }

  async _generate(messages) {
    const turn = messages.filter((message) => message.getType() === 'ai').length;
    const id = messages[0].id ?? '';
    const message = new AIMessage({
      content: turn < 2 ? THOUGHT : `${THOUGHT} done:${id};`,
      tool_calls: turn < 2 ? [{ id: `call_${turn}`, name: 'weather', args: { city: `City ${turn}` } }] : [],
      usage_metadata: { input_tokens: 640, output_tokens: 256, total_tokens: 896 },
      response_metadata: { model_name: 'gpt-5-2026', finish_reason: turn < 2 ? 'tool_calls' : 'stop' },
    });
    return { generations: [{ text: message.content, message }] };
  }

  async *_streamResponseChunks(_messages, { chunks }, runManager) {
    for (let i = 0; i < chunks; i++) {
      const chunk = new ChatGenerationChunk({ text: 'word ', message: new AIMessageChunk('word ') });
      yield chunk;
      await runManager?.handleLLMNewToken('word ', undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

const model = new ScriptedModel({});
const weather = tool(async ({ city }) => `21 °C and sunny in ${city}. `.repeat(10), {
  name: 'weather',
  description: 'The weather in a city',
  schema: z.object({ city: z.string() }),
});
const agent = createReactAgent({ llm: model, tools: [weather], name: 'weather_agent' });

export const invoke = (id, config) =>
  agent.invoke({ messages: [new HumanMessage({ content: QUESTION, id: String(id) })] }, config);

export async function stream(chunks, config) {
  for await (const _ of await model.stream('go', { ...config, chunks })) {
    // Only what happens on the way is measured.
  }
}
