import fc from 'fast-check';
import { expect, it } from 'vitest';
import { amend, emptyMerged } from './merge.js';
import { packMerged, unpackMerged } from './merged-text.js';

it('what was merged goes on after it was stored as if it had never been', () => {
  const item = fc.record({
    seq: fc.option(fc.nat(5), { nil: undefined }),
    fields: fc.dictionary(fc.constantFrom('start_us', 'end_us', 'response'), fc.nat(9)),
    outcome: fc.constantFrom(undefined, 'ok' as const, 'error' as const),
  });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 8 }), (items) => {
      const kept = emptyMerged();
      let stored = emptyMerged();
      for (const { seq, outcome, fields } of items) {
        const one = {
          fields,
          fingerprint: JSON.stringify(fields),
          ...(seq !== undefined && { seq }),
          ...(outcome && { outcome }),
        };
        stored = unpackMerged(
          JSON.parse(JSON.stringify(packMerged(stored))),
          JSON.parse(JSON.stringify(stored.fields)),
        );
        expect(amend(stored, one)).toEqual(amend(kept, one));
      }
      expect(stored).toEqual(kept);
    }),
  );
});
