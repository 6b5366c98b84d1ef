import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ApiError } from './api.js';

export interface GuardOptions {
  /** Whether the collector listens only to its own machine. */
  loopback: boolean;
  /** Empty: any key is accepted, on loopback. */
  apiKeys: readonly string[];
}

export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

const problem = (message: string, code: string, field: string): ApiError => ({
  error: { message, code, field },
});

/**
 * Three checks before anything else is read.
 *
 * - Host: on loopback only this machine's own names are answered, so that a website cannot reach the collector by pointing
 *   its own name at 127.0.0.1 (DNS rebinding).
 * - Origin: a page of another origin cannot write (it could send, though not read).
 * - Key, where keys are set. As Bearer for programs, as the password of Basic for browsers, which ask for it by themselves.
 */
export function guard({ loopback, apiKeys }: GuardOptions): MiddlewareHandler {
  const digests = apiKeys.map(digest);
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (loopback && !isLoopbackHost(hostname(host))) {
      return c.json(
        problem(
          `this collector listens to its own machine only, and answers to localhost, 127.0.0.1 and [::1], not to "${host.slice(0, 100)}". ` +
            'To serve others, start it with OBSERVATORY_HOST and OBSERVATORY_API_KEYS.',
          'host_not_allowed',
          'host',
        ),
        403,
      );
    }
    const origin = c.req.header('origin');
    if (
      origin !== undefined &&
      c.req.method !== 'GET' &&
      c.req.method !== 'HEAD' &&
      !isSameOrigin(origin, host)
    ) {
      return c.json(
        problem(
          'a web page of another origin may not write here: send from a server',
          'origin_not_allowed',
          'origin',
        ),
        403,
      );
    }
    // Probes of load balancers have no key.
    const open = c.req.path === '/health' || c.req.path === '/ready';
    if (digests.length > 0 && !open) {
      const key = keyOf(c.req.header('authorization'));
      if (key === undefined || !digests.some((known) => timingSafeEqual(known, digest(key)))) {
        c.header('WWW-Authenticate', 'Basic realm="Observatory", charset="UTF-8"');
        return c.json(
          problem(
            key === undefined
              ? 'a key is needed: send "Authorization: Bearer <key>" with one of OBSERVATORY_API_KEYS'
              : 'this key is not among OBSERVATORY_API_KEYS',
            'not_authorized',
            'authorization',
          ),
          401,
        );
      }
    }
    return next();
  };
}

/** Digests have one length, which a comparison in constant time needs. */
const digest = (key: string): Buffer => createHash('sha256').update(key).digest();

function hostname(host: string): string {
  if (host.startsWith('[')) return host.slice(0, host.indexOf(']') + 1);
  const colon = host.indexOf(':');
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
}

function isSameOrigin(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host.toLowerCase();
  } catch {
    return false; // "null": a sandboxed page or a file
  }
}

function keyOf(authorization: string | undefined): string | undefined {
  const [, scheme, value] = /^(Bearer|Basic) +(.+)$/i.exec(authorization ?? '') ?? [];
  if (value === undefined) return undefined;
  if (scheme?.toLowerCase() === 'bearer') return value;
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  return decoded.slice(decoded.indexOf(':') + 1);
}
