import { expect, test } from 'vitest';
import { readAnswer, readRequest } from './map-model.js';
import { readFailure } from './map-outcome.js';

test('the model that answered, wherever it stands, and once where chunks repeat it', () => {
  const used = (message: unknown, llmOutput?: unknown) => readAnswer(message, undefined, llmOutput).used;
  expect(used({ response_metadata: { model_name: 'gpt-5', model: 'gpt-5gpt-5' } })).toBe('gpt-5');
  expect(used({ response_metadata: { model: 'gpt-5-2026gpt-5-2026' } })).toBe('gpt-5-2026');
  expect(used({ response_metadata: { model_name: 'claude-5claude-5claude-5' } })).toBe('claude-5');
  expect(used({ additional_kwargs: { model: 'claude-5' } })).toBe('claude-5');
  expect(used({}, { model: 'gemini-3' })).toBe('gemini-3');
  expect(used({})).toBeUndefined();
});

test('the finish reason, wherever it stands; none is none', () => {
  const reason = (message: unknown, info?: unknown) => readAnswer(message, info, undefined).finishReason;
  expect(reason({ response_metadata: { finish_reason: 'length' } })).toBe('length');
  expect(reason({}, { finish_reason: 'stop' })).toBe('stop');
  expect(reason({ additional_kwargs: { stop_reason: 'end_turn' } })).toBe('end_turn');
  expect(reason({ response_metadata: { status: 'completed' } })).toBe('completed');
  expect(
    reason({
      response_metadata: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    }),
  ).toBe('max_output_tokens');
  expect(reason({})).toBeUndefined();
});

test('request parameters by an allow-list: clients, headers and contexts never leave', () => {
  const request = readRequest(
    {
      id: ['langchain', 'ChatOpenAI'],
      kwargs: { api_key: 'S3CR3T', configuration: { defaultHeaders: 'S3CR3T' } },
    },
    {
      options: { signal: {}, context: { token: 'S3CR3T' }, headers: 'S3CR3T' },
      invocation_params: {
        temperature: 0,
        headers: 'S3CR3T',
        user: 'S3CR3T',
        response_format: { type: 'json_schema', json_schema: { name: 'city', schema: { big: true } } },
      },
    },
    { ls_model_name: 'gpt-5', ls_provider: 'openai' },
  );
  expect(request).toEqual({
    requested: 'gpt-5',
    provider: 'openai',
    parameters: { temperature: 0, response_format: { type: 'json_schema', name: 'city' } },
    toolDefinitions: undefined,
  });
});

test('how something ended is told from the name, the code or the whole message', () => {
  const outcome = (error: unknown) => readFailure(error).outcome;
  const named = (name: string, message = 'x') => Object.assign(new Error(message), { name });
  expect(outcome(named('AbortError'))).toBe('cancelled');
  expect(outcome(named('APIUserAbortError'))).toBe('cancelled');
  expect(outcome(new Error('Abort'))).toBe('cancelled');
  expect(outcome(new Error('Aborting the mission failed'))).toBe('error');
  expect(outcome(Object.assign(new Error('x'), { code: 'ABORT_ERR' }))).toBe('cancelled');
  expect(outcome(named('TimeoutError'))).toBe('timed_out');
  expect(outcome(undefined)).toBe('error');
  expect(outcome({ is_bubble_up: true, name: 'GraphInterrupt' })).toBe('interrupted');
  expect(outcome({ is_bubble_up: true, name: 'ParentCommand' })).toBe('ok');
});
