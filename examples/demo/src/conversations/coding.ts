import { asks, type Conversation, says } from '../conversation.js';

const agent = 'code-helper';

export const codingConversations: Conversation[] = [
  {
    agent,
    userId: 'kenji.watanabe',
    metadata: { plan: 'team', channel: 'editor', repository: 'fieldnotes-web' },
    turns: [
      {
        user: `Why does this debounce sometimes lose the last call?

\`\`\`ts
export function debounce(fn: () => void, ms: number) {
  let timer: NodeJS.Timeout;
  return () => {
    if (timer) return;
    timer = setTimeout(fn, ms);
  };
}
\`\`\``,
        steps: [
          says(
            `Because it never **restarts** the timer, it is a throttle that fires once: while \`timer\` is set, every later call returns early, and \`timer\` is never cleared, so after the first round *nothing* runs any more.

\`\`\`ts
export function debounce<A extends unknown[]>(fn: (...args: A) => void, ms: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...args: A) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), ms);
  };
}
\`\`\`

Three changes: \`clearTimeout\` first, so the **last** call wins; the arguments travel along; and \`ReturnType<typeof setTimeout>\` works in browsers too.`,
            { usage: { reasoning: 448 } },
          ),
        ],
        streamed: true,
      },
      {
        user: 'Write a test for it and run it.',
        steps: [
          {
            ...asks(
              ['write_file', { path: 'src/debounce.test.ts', lines: 19 }],
              ['run_tests', { pattern: 'debounce' }],
            ),
            usage: { reasoning: 256 },
          },
          {
            text: 'The test waits for real time; fake timers make it exact.',
            toolCalls: [
              { name: 'write_file', args: { path: 'src/debounce.test.ts', lines: 17 } },
              { name: 'run_tests', args: { pattern: 'debounce', attempt: 2 } },
            ],
          },
          says(`All green after one correction (my first version slept for real and was flaky):

\`\`\`ts
test('only the last call runs, with its own arguments', () => {
  vi.useFakeTimers();
  const seen: string[] = [];
  const save = debounce((text: string) => seen.push(text), 50);
  save('a');
  save('b');
  vi.advanceTimersByTime(50);
  expect(seen).toEqual(['b']);
});
\`\`\`

\`2 passed\` in 14 ms.`),
        ],
        feedback: { score: 'thumbs_up' },
      },
    ],
  },
  {
    agent,
    userId: 'lucia.ferrari',
    metadata: { plan: 'team', channel: 'editor', repository: 'ledger-core' },
    turns: [
      {
        user: 'Explain the Node.js event loop in depth, phase by phase, with examples.',
        steps: [
          says(
            `The event loop is what lets a single thread serve thousands of sockets. It goes through **six phases**, over and over:

1. **Timers** run callbacks of \`setTimeout\` and \`setInterval\` whose time has come. A timer is a *lower bound*, never a promise.
2. **Pending callbacks** finish what the operating system reported late, for instance a refused TCP connection.
3. **Idle and prepare** belong to libuv itself.
4. **Poll** takes new events from the kernel and runs their callbacks. When nothing is due, the loop waits here.
5. **Check** runs \`setImmediate\`.
6. **Close callbacks** such as \`socket.on('close')\`.

Between any two callbacks Node drains two queues: \`process.nextTick\` first, then promise reactions. That is why an endless chain of microtasks starves every timer in the process, and why …`,
            { chunkDelayMs: 45 },
          ),
        ],
        streamed: true,
        leavesAfterMs: 2_600,
      },
    ],
  },
];
