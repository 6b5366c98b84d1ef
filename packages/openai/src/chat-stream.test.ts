import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChatStream } from './chat-stream.js';

const call = fc.record({
  name: fc.stringMatching(/^[a-z_]{1,12}$/),
  args: fc.json({ maxDepth: 2 }),
});

/** Cuts a text into pieces at the given places. */
const pieces = (text: string, cuts: number[]) => {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...at, text.length].map((end, i) => text.slice(i === 0 ? 0 : at[i - 1], end));
};

test('however a text and parallel calls are cut and interleaved, the message is the same', () => {
  const scenario = fc.record({
    text: fc.string({ unit: 'grapheme' }),
    cuts: fc.array(fc.nat(), { maxLength: 8 }),
    calls: fc.array(call, { minLength: 1, maxLength: 4 }),
    order: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
  });
  fc.assert(
    fc.property(scenario, ({ text, cuts, calls, order }) => {
      const lanes: unknown[][] = [pieces(text, cuts).map((content) => ({ content }))];
      for (const [index, { name, args }] of calls.entries()) {
        const first = { index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } };
        const rest = pieces(args, cuts).map((part) => ({ index, function: { arguments: part } }));
        lanes.push([first, ...rest].map((delta) => ({ tool_calls: [delta] })));
      }
      const stream = new ChatStream();
      for (let step = 0; lanes.some((lane) => lane.length > 0); step++) {
        const open = lanes.filter((lane) => lane.length > 0);
        const lane = open[(order[step % order.length] ?? 0) % open.length]!;
        stream.add({ choices: [{ index: 0, delta: lane.shift() }] });
      }
      stream.add({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] });
      const [message] = stream.answer().output!;
      expect(message!.content ?? '').toBe(text);
      const byId = (message!.tool_calls as { id: string; function: unknown }[]).sort((a, b) =>
        a.id < b.id ? -1 : 1,
      );
      expect(byId.map((item) => item.function)).toEqual(
        calls.map(({ name, args }) => ({ name, arguments: args })),
      );
      expect(stream.finished).toBe(true);
    }),
  );
});

test('no chunk of any shape throws', () => {
  fc.assert(
    fc.property(fc.array(fc.anything()), (chunks) => {
      const stream = new ChatStream();
      for (const chunk of chunks) {
        stream.add(chunk);
        stream.add({ choices: [chunk] });
        stream.add({ choices: [{ delta: chunk }] });
        stream.add({ choices: [{ delta: { tool_calls: [chunk], content: chunk, audio: chunk } }] });
      }
      stream.answer();
    }),
  );
});
