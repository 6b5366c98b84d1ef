/**
 * `node benchmarks/ai-sdk.mjs [--quick]`: what observing the Vercel AI SDK 7 adds to a call and to a chunk. Blocks with and
 * without take turns in one process, so that what else the machine does hits both alike; recorded runs go to an outbox that
 * drops them, so that delivery, which `run.mjs` measures, is not in it. The floor is an integration whose hooks do nothing.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { median, noDelivery } from './harness.mjs';

const here = createRequire(fileURLToPath(new URL('../packages/ai-sdk/package.json', import.meta.url)));
const { generateText, streamText, stepCountIs, tool, jsonSchema } = await import(here.resolve('ai'));
const { instrumentAISDK } = await import('../packages/ai-sdk/dist/index.js');
const { setOutbox } = await import('../packages/core/dist/recorder.js');

const quick = process.argv.includes('--quick');
const BLOCKS = quick ? 9 : 31;
const CALLS = quick ? 40 : 100;
const CHUNKS = quick ? 1_000 : 2_000;

setOutbox(noDelivery);

const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};
const finishReason = (unified) => ({ unified, raw: unified });
const response = { id: 'r', modelId: 'mock', timestamp: new Date(0) };

/** A model that asks for a tool once, then answers, or that streams so many words. */
function model(words) {
  let turn = 0;
  return {
    specificationVersion: 'v4',
    provider: 'mock.chat',
    modelId: 'mock',
    supportedUrls: {},
    doGenerate: async () =>
      turn++ === 0
        ? {
            content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Oslo"}' }],
            finishReason: finishReason('tool-calls'),
            usage,
            warnings: [],
            response,
          }
        : {
            content: [{ type: 'text', text: 'Sunny' }],
            finishReason: finishReason('stop'),
            usage,
            warnings: [],
            response,
          },
    doStream: async () => {
      let at = -3;
      return {
        stream: new ReadableStream(
          {
            pull(controller) {
              at++;
              if (at === -2) controller.enqueue({ type: 'stream-start', warnings: [] });
              else if (at === -1) controller.enqueue({ type: 'text-start', id: 't' });
              else if (at < words) controller.enqueue({ type: 'text-delta', id: 't', delta: 'word ' });
              else if (at === words) controller.enqueue({ type: 'text-end', id: 't' });
              else if (at === words + 1)
                controller.enqueue({ type: 'finish', finishReason: finishReason('stop'), usage });
              else controller.close();
            },
          },
          { highWaterMark: 0 },
        ),
      };
    },
  };
}

const tools = {
  weather: tool({
    description: 'The weather',
    inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
    execute: async () => 'clear',
  }),
};

async function calls() {
  for (let i = 0; i < CALLS; i++) {
    await generateText({ model: model(0), prompt: 'Weather in Oslo?', tools, stopWhen: stepCountIs(3) });
  }
  return CALLS;
}

async function chunks() {
  const result = streamText({ model: model(CHUNKS), prompt: 'Talk' });
  for await (const _ of result.textStream);
  return CHUNKS;
}

const noop = {
  onStart: () => {},
  onLanguageModelCallStart: () => {},
  onLanguageModelCallEnd: () => {},
  onStepEnd: () => {},
  onToolExecutionStart: () => {},
  onToolExecutionEnd: () => {},
  onEnd: () => {},
  executeLanguageModelCall: async ({ execute }) => await execute(),
  executeTool: async ({ execute }) => await execute(),
};

const candidates = {
  without: () => {
    globalThis.AI_SDK_TELEMETRY_INTEGRATIONS = [];
  },
  'a no-op integration': () => {
    globalThis.AI_SDK_TELEMETRY_INTEGRATIONS = [noop];
  },
  observatory: () => {
    globalThis.AI_SDK_TELEMETRY_INTEGRATIONS = [];
    instrumentAISDK();
  },
};

async function compare(what, unit, work) {
  const cost = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let block = -3; block < BLOCKS; block++) {
    // Each goes first as often as the others: what runs right after a collection is at an advantage.
    const names = Object.keys(candidates);
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + block + 3) % names.length];
      candidates[name]();
      globalThis.gc?.({ type: 'minor' });
      const before = process.threadCpuUsage();
      const units = await work();
      const { user, system } = process.threadCpuUsage(before);
      if (block >= 0) cost[name].push((user + system) / units);
    }
  }
  const base = cost.without;
  for (const [name, costs] of Object.entries(cost)) {
    const added = median(costs.map((us, i) => us - base[i]));
    const sign = name === 'without' ? '' : `   added ${added >= 0 ? '+' : ''}${added.toFixed(2)} µs`;
    console.log(
      `${what.padEnd(42)} ${name.padEnd(22)} ${median(costs).toFixed(2).padStart(9)} µs ${unit}${sign}`,
    );
  }
}

await compare('generateText, two steps and a tool', 'CPU a call', calls);
await compare(`streamText, ${CHUNKS} chunks`, 'CPU a chunk', chunks);
process.exit(0);
