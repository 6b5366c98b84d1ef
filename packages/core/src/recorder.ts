export type { Outbox } from './outbox.js';
