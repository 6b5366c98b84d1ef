/** Bounds on what one request or one item may ask of the collector. Each has its own message where it is enforced. */
export interface Limits {
  /** Bytes of a request body as sent. */
  maxBodyBytes: number;
  /** Bytes of a request body after decompression. */
  maxRawBytes: number;
  /** Bytes of all bodies that are being read and stored at a time. */
  maxBufferedBytes: number;
  /** Nesting of one item's JSON. */
  maxDepth: number;
  /** Characters of an id. */
  maxIdLength: number;
  /** Characters of a content hash (wire.ts). */
  maxHashLength: number;
  /** Items in one request. */
  maxItems: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  maxBodyBytes: 32 * MIB,
  maxRawBytes: 128 * MIB,
  maxBufferedBytes: 512 * MIB,
  maxDepth: 128,
  maxIdLength: 1024,
  maxHashLength: 128,
  maxItems: 2_000_000,
};
