import type { Callbacks } from '@langchain/core/callbacks/manager';
import { configure } from '@observatory/core';
import type { Callbacks as OldCallbacks } from '@observatory/langchain-compat-0.3';
import { captureRuns } from '@observatory/testing';
import { expect, test, vi } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';

test("is a handler by the types of both lines, without a cast and without LangChain's class", () => {
  const current: Callbacks = [new ObservatoryCallbackHandler()];
  const old: OldCallbacks = [new ObservatoryCallbackHandler()];
  expect([current, old]).toHaveLength(2);
});

test('is awaited, never raises, is its own copy, and tells nothing of itself when it is serialised', () => {
  const handler = new ObservatoryCallbackHandler({ sessionId: 'secret-1' });
  expect(handler).toMatchObject({ awaitHandlers: true, raiseError: false, ignoreAgent: false });
  expect(handler.copy()).toBe(handler);
  expect(JSON.stringify({ handler })).not.toContain('secret-1');
  expect(Object.keys(handler)).not.toContain('origin');
});

/** Every callback a hostile or unknown version could call, with arguments that cannot be read. */
const trap: never = new Proxy(Object.create(null), {
  get() {
    throw new Error('do not look');
  },
  ownKeys() {
    throw new Error('do not look');
  },
}) as never;

test('whatever it is called with, no callback throws or returns anything', () => {
  using captured = captureRuns();
  const reported: string[] = [];
  configure({ onDiagnostic: ({ kind }) => void reported.push(kind) });
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const handler = new ObservatoryCallbackHandler();
  const names = Object.getOwnPropertyNames(ObservatoryCallbackHandler.prototype).filter((name) =>
    name.startsWith('handle'),
  ) as (keyof ObservatoryCallbackHandler)[];
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) {
    const call = handler[name] as (...args: unknown[]) => unknown;
    for (const args of [
      [],
      [undefined, undefined, 'run-1'],
      [trap, trap, 'run-2', trap, trap, trap, trap, trap],
      [trap, 'run-2', trap, trap, trap],
      [null, null, null, null],
    ]) {
      expect(call.apply(handler, args)).toBeUndefined();
    }
  }
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  configure({ onDiagnostic: () => {} });
  expect(captured.items).toBeDefined();
});

test('ends that nobody announced change nothing', () => {
  using captured = captureRuns();
  const handler = new ObservatoryCallbackHandler();
  handler.handleChainEnd({}, 'unknown');
  handler.handleLLMEnd({ generations: [[undefined]] }, 'unknown');
  handler.handleToolError(new Error('x'), 'unknown');
  handler.handleRetrieverEnd([], 'unknown');
  handler.handleLLMNewToken('x', undefined, 'unknown');
  expect(captured.items).toEqual([]);
});

test('an answer that is an empty stream is incomplete', () => {
  using captured = captureRuns();
  const handler = new ObservatoryCallbackHandler();
  handler.handleChatModelStart(
    {},
    [[{ role: 'user', content: 'Hi' }]],
    'empty',
    undefined,
    {},
    [],
    {},
    'model',
  );
  handler.handleLLMEnd({ generations: [[undefined]] }, 'empty');
  expect(captured.runs).toMatchObject([{ steps: [{ outcome: 'incomplete', status_code: 2 }] }]);
});

test('the same start twice is one start', () => {
  using captured = captureRuns();
  const handler = new ObservatoryCallbackHandler();
  for (let i = 0; i < 2; i++)
    handler.handleChainStart({}, 'Hi', 'twice', undefined, [], {}, undefined, 'chain');
  for (let i = 0; i < 2; i++) handler.handleChainEnd('Yo', 'twice');
  expect(captured.runs).toMatchObject([{ name: 'chain', response: 'Yo' }]);
  expect(captured.items.filter(({ type }) => type === 'run').length).toBeLessThan(3);
});
