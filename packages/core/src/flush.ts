import { outbox } from './current-outbox.js';
import type { FlushOptions, Receipt } from './outbox.js';

/**
 * Delivers everything recorded so far, or puts it on disk, within `timeoutMs` (default 5,000). Never rejects.
 *
 * @example
 * ```ts
 * const { delivered, dropped, complete } = await flush({ timeoutMs: 2_000 });
 * ```
 */
export const flush = (options?: FlushOptions): Promise<Receipt> => outbox().flush(options);

/** `flush()`, then closes connections and files. What is recorded afterwards opens them again. */
export const shutdown = (options?: FlushOptions): Promise<Receipt> => outbox().shutdown(options);
