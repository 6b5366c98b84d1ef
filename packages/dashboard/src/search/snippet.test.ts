import type { SearchHit } from '@observatory/collector/api';
import { describe, expect, it } from 'vitest';
import { foundIn, spotOf } from './hit.js';
import { snippetParts } from './snippet.js';

describe('a search hit', () => {
  it('marks what stands between the marks, and nothing else', () => {
    expect(snippetParts('a \u0002hit\u0003 b \u0002two\u0003')).toEqual([
      { text: 'a ', match: false },
      { text: 'hit', match: true },
      { text: ' b ', match: false },
      { text: 'two', match: true },
    ]);
    expect(snippetParts('stray \u0003 and \u0002 open').every((part) => !part.match)).toBe(true);
  });

  it('leads to the narrowest place it names', () => {
    const hit = {
      run_id: 'r',
      where: 'tool_result',
      snippet: 'a \u0002hit\u0003',
      run: {},
    } as unknown as SearchHit;
    expect(spotOf({ ...hit, step_id: 's', tool_call_id: 't' })).toBe('tool:t');
    expect(spotOf({ ...hit, step_id: 's' })).toBe('step:s');
    expect(spotOf({ ...hit, where: 'response' })).toBe('response');
    expect(foundIn(hit)).toBe('hit');
    expect(foundIn({ ...hit, snippet: 'none' })).toBe('');
  });
});
