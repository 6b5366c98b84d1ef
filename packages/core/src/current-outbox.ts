import type { Outbox } from './outbox.js';
import { processOutbox } from './process-outbox.js';
import { shared } from './shared.js';

const holder = shared<{ replaced: Outbox | undefined }>('outbox.replaced', () => ({ replaced: undefined }));

// Asked several times a step: the way through globalThis is taken once.
let own: Outbox | undefined;

/** Where what is recorded goes: the process's outbox, unless a test took its place. */
export function outbox(): Outbox {
  if (holder.replaced) return holder.replaced;
  own ??= processOutbox();
  return own;
}

/** Puts another outbox in place of the process's own, e.g. one that keeps what a test records. Returns the way back. */
export function setOutbox(replacement: Outbox): () => void {
  const before = holder.replaced;
  holder.replaced = replacement;
  return () => {
    holder.replaced = before;
  };
}
