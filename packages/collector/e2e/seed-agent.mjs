// An instrumented program as the seed product's users write it, run as a process of its own.
import { configure, run, sendRun, sendStep, sendToolCall, submitFeedback } from '@contextcompany/custom';

const scenario = process.argv[2];

const scenarios = {
  async minimal() {
    const r = run({ runId: 'minimal', startTime: new Date('2025-01-01T00:00:00.000Z') });
    r.prompt('hi').response('yo');
    await r.end();
  },

  async full() {
    const r = run({ runId: 'full', sessionId: 'chat', conversational: true });
    r.prompt({ user_prompt: 'Weather in SF?', system_prompt: 'Be nice' });
    r.metadata({ agent: 'weather' }, { tenant: 'acme' });
    const messages = JSON.stringify([{ role: 'user', content: 'Weather in SF?' }]);
    const step = r.step('plan');
    step.prompt(messages).response('call the tool').model({ requested: 'gpt-4o', used: 'gpt-4o-2024-08-06' });
    step.tokens({ uncached: 120, cached: 30, completion: 45 }).cost(0.0042).finishReason('tool_calls');
    step.toolDefinitions([{ name: 'get_weather' }]);
    step.end();
    const call = r.toolCall('get_weather');
    call.args({ city: 'SF' }).result([{ temp: 72 }]);
    call.end();
    const failing = r.toolCall('search');
    failing.args('plain string');
    failing.error('boom');
    r.response('72F');
    await r.end();
  },

  async error() {
    const r = run({ runId: 'failed' });
    r.prompt('fail please');
    r.step('open').prompt('partial');
    r.toolCall();
    await r.error('LLM provider returned 500');
  },

  async autoFlush() {
    run({ runId: 'forgotten', timeout: 50 }).prompt('never ended').step().prompt('still open');
    // Its timer keeps no process alive: this one does, until the collector has the run.
    await until('forgotten');
  },

  async factories() {
    const [startTime, endTime] = [new Date('2025-01-01T00:00:00.000Z'), '2025-01-01T00:00:01Z'];
    await sendRun({
      runId: 'factory',
      prompt: { user_prompt: 'q' },
      response: 'a',
      startTime,
      endTime,
      metadata: { k: 'v' },
      steps: [
        {
          stepId: 'st1',
          prompt: 'p',
          response: 'r',
          startTime,
          endTime,
          model: 'gpt-4o',
          tokens: { uncached: 1, completion: Number.NaN },
        },
      ],
      toolCalls: [{ toolCallId: 't1', name: 'n', startTime, endTime, args: { a: 1 }, result: 'r' }],
    });
    await sendStep({
      runId: 'factory',
      stepId: 'st2',
      prompt: 'p2',
      response: 'r2',
      startTime,
      endTime: 'junk',
    });
    await sendToolCall({ runId: 'factory', toolCallId: 't2', name: 'late', startTime, endTime });
    await sendStep({ prompt: 'whose?', response: 'nobody knows', startTime, endTime });
  },

  async batch() {
    await Promise.all(
      Array.from({ length: 25 }, async (_, item) => {
        const r = run({ sessionId: 'batch-42' });
        r.prompt(`item ${item}`).metadata({ batch_id: 'batch-42', item });
        r.response(`done ${item}`);
        await r.end();
      }),
    );
  },

  async feedback() {
    const r = run({ runId: 'run_abc123' });
    r.prompt('rate me').response('please');
    await r.end();
    const answers = [
      await submitFeedback({ runId: 'run_abc123', score: 'thumbs_up', text: 'great' }),
      await submitFeedback({ runId: 'run_abc123', score: 'thumbs_down' }),
      await submitFeedback({ runId: 'run_abc123', text: 'only text' }),
    ];
    console.log(answers.map((answer) => answer?.status).join());
  },

  async configured() {
    configure({ apiKey: 'dev_other', url: `${process.env.TCC_BASE_URL}/v1/custom` });
    const r = run({ runId: 'configured' });
    r.prompt('by url').response('fine');
    await r.end();
  },
};

async function until(runId) {
  for (;;) {
    const response = await fetch(`${process.env.TCC_BASE_URL}/api/runs/${runId}`);
    if (response.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

await scenarios[scenario]();
