import { expect } from 'vitest';
import type { Bench } from './observed.test.support.js';
import { everyVersion, tree } from './observed.test.support.js';

const SPECIFICATION = { 5: 'v2', 6: 'v3', 7: 'v4' } as const;

function embeddingModel({ major }: Bench, { perCall = 2, refuse = 0 } = {}) {
  let refused = 0;
  const batches: string[][] = [];
  const overloaded = () =>
    Object.assign(new Error('overloaded'), {
      name: 'AI_APICallError',
      isRetryable: true,
      statusCode: 529,
      [Symbol.for('vercel.ai.error')]: true,
      [Symbol.for('vercel.ai.error.AI_APICallError')]: true,
    });
  return {
    batches,
    model: {
      specificationVersion: SPECIFICATION[major],
      provider: 'mock.embedding',
      modelId: 'embed-1',
      maxEmbeddingsPerCall: perCall,
      supportsParallelCalls: true,
      doEmbed: async ({ values }: { values: string[] }) => {
        if (refused++ < refuse) throw overloaded();
        batches.push(values);
        return {
          embeddings: values.map(() => [0.5, 0.5]),
          usage: { tokens: values.length * 4 },
          warnings: [],
        };
      },
    },
  };
}

everyVersion('an embedding is a run with one step and its tokens, without the vectors', async (bench) => {
  const { ai, captured } = bench;
  const { embedding } = await ai.embed({ model: embeddingModel(bench).model, value: 'Oslo' });
  expect(embedding).toEqual([0.5, 0.5]);
  await captured.settled({ runs: 1 });
  const [run] = captured.runs;
  expect(tree(run)).toEqual(['run embed ok', '  step embed-1 - 4/undefined ok']);
  expect(run?.prompt.user_prompt).toBe('Oslo');
  expect(run?.steps[0]).toMatchObject({
    metadata: { kind: 'embedding' },
    messages: [{ role: 'user', content: 'Oslo' }],
  });
  expect(JSON.stringify(captured.items)).not.toContain('0.5');
});

everyVersion('many embeddings are one run with a step per batch', async (bench) => {
  const { ai, captured } = bench;
  const { model, batches } = embeddingModel(bench);
  const { embeddings } = await ai.embedMany({ model, values: ['a', 'b', 'c', 'd', 'e'] });
  expect(embeddings).toHaveLength(5);
  await captured.settled({ runs: 1 });
  const [run] = captured.runs;
  expect(run?.outcome).toBe('ok');
  expect(run?.steps.map(({ prompt_uncached_tokens }) => prompt_uncached_tokens)).toEqual(
    batches.map(({ length }) => length * 4),
  );
  expect(run?.steps.every(({ outcome }) => outcome === 'ok')).toBe(true);
});

everyVersion(
  'a retried embedding is one step with its attempts, a refused one a failed run',
  async (bench) => {
    const { ai, captured } = bench;
    await ai.embed({ model: embeddingModel(bench, { refuse: 1 }).model, value: 'Oslo', maxRetries: 1 });
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]?.steps).toHaveLength(1);
    expect(captured.runs[0]?.steps[0]).toMatchObject({ outcome: 'ok', metadata: { attempts: 2 } });
    captured.clear();
    await expect(
      ai.embed({ model: embeddingModel(bench, { refuse: 9 }).model, value: 'Oslo', maxRetries: 0 }),
    ).rejects.toThrow('overloaded');
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]).toMatchObject({ outcome: 'error' });
    expect(captured.runs[0]?.status_message).toContain('overloaded');
    expect(captured.runs[0]?.steps[0]?.outcome).toBe('error');
  },
);

everyVersion(
  'a ranking is a run with one step',
  async (bench) => {
    const { ai, captured } = bench;
    await ai.rerank({
      model: {
        specificationVersion: SPECIFICATION[bench.major],
        provider: 'mock.rerank',
        modelId: 'rank-1',
        doRerank: async () => ({ ranking: [{ index: 1, relevanceScore: 0.9 }], warnings: [] }),
      },
      documents: ['a', 'b'],
      query: 'Which?',
    });
    await captured.settled({ runs: 1 });
    expect(tree(captured.runs[0])).toEqual(['run rerank ok', '  step rank-1 - no tokens ok']);
    expect(captured.runs[0]).toMatchObject({
      prompt: { user_prompt: 'Which?' },
      steps: [{ metadata: { kind: 'rerank' } }],
    });
  },
  ({ major }) => major > 5,
);

everyVersion('an image is a run with one step, without its bytes', async (bench) => {
  const { ai, captured } = bench;
  const generateImage = ai.generateImage ?? ai.experimental_generateImage;
  const image = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]).toString('base64');
  const { images } = await generateImage({
    model: {
      specificationVersion: SPECIFICATION[bench.major],
      provider: 'mock.image',
      modelId: 'image-1',
      maxImagesPerCall: 1,
      doGenerate: async () => ({
        images: [image],
        warnings: [],
        response: { timestamp: new Date(0), modelId: 'image-1-2026', headers: {} },
      }),
    },
    prompt: 'A cat',
    n: 1,
  });
  expect(images).toHaveLength(1);
  await captured.settled({ runs: 1 });
  expect(tree(captured.runs[0])).toEqual(['run generateImage ok', '  step image-1 - no tokens ok']);
  expect(captured.runs[0]).toMatchObject({
    prompt: { user_prompt: 'A cat' },
    steps: [{ model_used: 'image-1-2026', metadata: { kind: 'image' } }],
  });
  expect(JSON.stringify(captured.items)).not.toContain(image.slice(0, 12));
});

everyVersion('speech and transcription are runs with one step', async (bench) => {
  const { ai, captured } = bench;
  const response = { timestamp: new Date(0), modelId: 'voice-1', headers: {} };
  const base = {
    specificationVersion: SPECIFICATION[bench.major],
    provider: 'mock.voice',
    modelId: 'voice-1',
  };
  const audio = new Uint8Array([0xff, 0xfb, 0x90, 0x64, 9, 9, 9, 9]);
  const speak = ai.generateSpeech ?? ai.experimental_generateSpeech;
  await speak({
    model: { ...base, doGenerate: async () => ({ audio, warnings: [], response }) },
    text: 'Hello there',
    voice: 'alto',
  });
  const transcribe = ai.transcribe ?? ai.experimental_transcribe;
  const heard = await transcribe({
    model: {
      ...base,
      doGenerate: async () => ({
        text: 'Hello there',
        segments: [],
        language: 'en',
        durationInSeconds: 1,
        warnings: [],
        response,
      }),
    },
    audio,
  });
  expect(heard.text).toBe('Hello there');
  await captured.settled({ runs: 2 });
  expect(captured.runs.flatMap((run) => tree(run))).toEqual([
    'run generateSpeech ok',
    '  step voice-1 - no tokens ok',
    'run transcribe ok',
    '  step voice-1 - no tokens ok',
  ]);
  expect(captured.runs[0]?.prompt.user_prompt).toBe('Hello there');
  expect(captured.runs[0]?.steps[0]?.metadata).toMatchObject({ kind: 'speech' });
  expect(captured.runs[1]?.response).toBe('Hello there');
  expect(captured.runs[1]?.steps[0]?.metadata).toMatchObject({ kind: 'transcription' });
});
