import { sha256 } from '#runtime';

/**
 * The name under which a message or tool schema travels: the first 128 bits of the SHA-256 of its JSON text, base64url.
 * A cryptographic hash, because what is captured is hostile: nobody can write a message that takes another one's place.
 */
export const contentHash = (json: string): string => sha256(json).slice(0, 22);
