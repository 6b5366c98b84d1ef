import { expect, test } from 'vitest';
import { run } from './index.js';
import { memoryOutbox } from './memory-outbox.test.support.js';
import { recorder } from './recorder.js';

const record = recorder('@acme/http/1.0.0');

test('an adapter that joins a run can ask what it says of itself', () => {
  const { restore } = memoryOutbox();
  const own = run({ name: 'job', parent: null });
  expect(record.about(own)).toEqual({ name: 'job', sdk: undefined, hasPrompt: false, hasResponse: false });
  own.prompt('Why?').response('Because.');
  expect(record.about(own)).toMatchObject({ hasPrompt: true, hasResponse: true });
  const request = record.openRun({ parent: null });
  record.amendRun(request, { name: 'POST /chat' });
  expect(record.about(request)).toMatchObject({ name: 'POST /chat', sdk: '@acme/http/1.0.0' });
  void own.end();
  void record.endRun(request);
  restore();
});
