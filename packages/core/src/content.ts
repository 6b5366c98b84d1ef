import { builtin } from './platform.js';
import { sha256 } from './sha256.js';

const crypto = builtin('node:crypto');

/**
 * The name under which a message or tool schema travels: the first 128 bits of the SHA-256 of its JSON text, base64url.
 * A cryptographic hash, because what is captured is hostile: nobody can write a message that takes another one's place.
 */
export function contentHash(json: string): string {
  if (crypto?.hash) return crypto.hash('sha256', json, 'base64url').slice(0, 22);
  if (crypto?.createHash) return crypto.createHash('sha256').update(json).digest('base64url').slice(0, 22);
  return btoa(String.fromCharCode(...sha256(json).subarray(0, 17)))
    .slice(0, 22)
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
