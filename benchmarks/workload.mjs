/**
 * The run that everything here is measured with: 3 steps (2 KB prompt, 1 KB response each) and 2 tool calls, 13.8 KB of JSON.
 * Texts differ from run to run and are about as compressible as prose.
 */
const WORDS =
  'the agent asks a model for its next step and reads what a tool gave back before it answers whoever wrote to it about an order that never came weather in Lisbon refund policy invoice number customer account balance shipping address yesterday tomorrow please thanks because therefore however maybe'.split(
    ' ',
  );

let state = 1;
function random() {
  // xorshift32: the same texts in every process.
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

export function text(length) {
  let out = '';
  while (out.length < length) out += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  return Buffer.from(out.slice(0, length)).toString('latin1');
}

export function makeRuns(count, from = 0) {
  state = from + 1;
  return Array.from({ length: count }, (_, i) => ({
    id: `bench-${from + i}`,
    session: `session-${(from + i) % 50}`,
    prompt: text(1000),
    response: `${text(1000)} done:${from + i};`,
    steps: Array.from({ length: 3 }, () => ({ prompt: text(2000), response: text(1000) })),
    tools: [
      { name: 'search', args: { query: text(60), limit: 10 }, result: text(400) },
      { name: 'fetch_order', args: { order: text(12) }, result: text(400) },
    ],
  }));
}

/** An agent loop: step k sends all messages so far, 100 KB in the end. */
export function makeLoop(steps = 50, bytes = 100_000) {
  state = 77;
  const each = Math.floor(bytes / steps / 2);
  const messages = [{ role: 'system', content: text(each) }];
  return Array.from({ length: steps }, () => {
    messages.push({ role: 'user', content: text(each) });
    const prompt = [...messages];
    const answer = { role: 'assistant', content: text(each) };
    messages.push(answer);
    return { prompt, answer };
  });
}
