import { messageOf, report } from '@observatory/core/recorder';
import type { Matcher, RequestInfo } from './options.js';

/** Whether a request is one of those a matcher names. A function that throws names none. */
export function matches(matcher: Matcher | boolean | undefined, request: RequestInfo): boolean {
  if (matcher === undefined || typeof matcher === 'boolean') return matcher === true;
  if (typeof matcher === 'string') return matchesPath(matcher, request.path);
  if (matcher instanceof RegExp) {
    // A sticky or global pattern remembers where it stopped.
    matcher.lastIndex = 0;
    return matcher.test(request.path);
  }
  if (typeof matcher === 'function') {
    try {
      return matcher(request) === true;
    } catch (error) {
      report({
        kind: 'http-option-failed',
        message: `A path matcher threw; the request counts as not matching: ${messageOf(error)}`,
        cause: error,
      });
      return false;
    }
  }
  return matcher.some((one) => matches(one, request));
}

function matchesPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith('*')) return path === pattern || path === `${pattern}/`;
  const prefix = pattern.slice(0, -1);
  return path.startsWith(prefix) || (prefix.endsWith('/') && path === prefix.slice(0, -1));
}
