import { modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { agents } from './agents.js';
import type { Conversation } from './conversation.js';
import { codingConversations } from './conversations/coding.js';
import { laterConversations } from './conversations/later.js';
import { supportConversations } from './conversations/support.js';
import { travelConversations } from './conversations/travel.js';
import { modelScript } from './model-script.js';
import { tools } from './tools.js';

const conversations: Conversation[] = [
  ...supportConversations,
  ...travelConversations,
  ...codingConversations,
  ...laterConversations,
];

test('every scripted tool call is one that its agent has, with arguments that the tool knows', () => {
  for (const { agent, turns } of conversations) {
    for (const step of turns.flatMap(({ steps }) => steps)) {
      for (const { name, args = {} } of 'toolCalls' in step ? (step.toolCalls ?? []) : []) {
        expect(agents.get(agent)?.tools).toContain(name);
        expect(Object.keys(tools[name]!.parameters)).toEqual(
          expect.arrayContaining(Object.keys(args as object)),
        );
      }
    }
  }
});

test('every turn ends with an answer or an error, and no prompt is used twice', () => {
  const prompts = conversations.flatMap(({ turns }) => turns.map(({ user }) => user));
  expect(new Set(prompts).size).toBe(prompts.length);
  for (const { user, steps } of conversations.flatMap(({ turns }) => turns)) {
    expect(steps.at(-1), user).not.toHaveProperty('toolCalls');
  }
});

test('a rate limit passes at the second attempt, and the turn goes on where it was', async () => {
  await using server = await modelServer(modelScript);
  const openai = new OpenAI(server.clientOptions);
  const user = { role: 'user' as const, content: supportConversations[2]!.turns[0]!.user };
  const first = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [user] });
  expect(server.requests).toHaveLength(2);
  const [call] = first.choices[0]!.message.tool_calls!;
  expect(call).toMatchObject({ function: { name: 'get_shipping_rates' } });
  const result = { role: 'tool' as const, tool_call_id: call!.id, content: '{}' };
  const second = await openai.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [user, first.choices[0]!.message, result],
  });
  expect(second.choices[0]?.message.content).toContain('Tromsø');
});
