import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** How long a client may go on sending a body that is already refused, so that it can read why. */
const DRAIN_MS = 5000;

/** Throws away the rest of a refused body and closes the connection after the answer. */
export function bodyless(c: Context<{ Bindings: HttpBindings }>): void {
  const { incoming } = c.env;
  c.header('Connection', 'close');
  incoming.on('error', () => {});
  incoming.resume();
  const timer = setTimeout(() => incoming.destroy(), DRAIN_MS);
  timer.unref();
  incoming.once('close', () => clearTimeout(timer));
}
