import { settings } from './config.js';
import type { Outbox, Receipt } from './outbox.js';
import { seal } from './seal.js';
import { shared } from './shared.js';
import type { WireItem } from './wire.js';

/** The process's outbox. */
export const processOutbox = (): Outbox => shared('outbox', simpleOutbox);

function simpleOutbox(): Outbox {
  const waiting = new Set<WireItem>();
  let delivered = 0;
  let sending: Promise<void> | undefined;
  const receipt = (): Receipt => ({
    delivered,
    queued: waiting.size,
    spooled: 0,
    dropped: 0,
    dropped_by_reason: {},
    rejected: [],
    complete: waiting.size === 0,
  });
  const send = async () => {
    await undefined;
    sending = undefined;
    const items = [...waiting].flatMap(seal);
    waiting.clear();
    if (items.length === 0) return;
    const response = await fetch(`${settings.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"type":"batch","items":[${items.join(',')}]}`,
    }).catch(() => undefined);
    await response?.text().catch(() => '');
    delivered += items.length;
  };
  const acknowledged = () => {
    sending ??= send();
    return sending;
  };
  return {
    eager: false,
    add(item, _bytes, soon) {
      waiting.add(item);
      if (soon) void acknowledged();
    },
    acknowledged,
    flush: async () => {
      await acknowledged();
      return receipt();
    },
    shutdown: async () => {
      await acknowledged();
      return receipt();
    },
    receipt,
  };
}
