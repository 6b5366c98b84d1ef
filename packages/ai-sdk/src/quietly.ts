import { report } from '@observatory/core/recorder';

/** Runs bookkeeping that must not reach the host: what fails in it is reported. */
export function quietly(work: () => unknown): void {
  try {
    work();
  } catch (cause) {
    report({
      kind: 'ai-sdk-adapter',
      message: 'A call of the AI SDK could not be recorded; the call itself is not affected.',
      cause,
    });
  }
}
