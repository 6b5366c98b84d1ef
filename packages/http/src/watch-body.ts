/**
 * Remembers what a handler parses out of a request, without reading anything itself: a second reader would have to buffer the
 * body, or take it away.
 *
 * Returns the parsed body, as far as somebody parsed it.
 */
export function watchBody(request: Request): () => unknown {
  // Nothing to see, and most requests are these.
  if (request.method === 'GET' || request.method === 'HEAD') return () => undefined;
  let parsed: unknown;
  let text: string | undefined;
  watch(request);
  return () => {
    if (parsed === undefined && text !== undefined) {
      parsed = parse(text);
      text = undefined;
    }
    return parsed;
  };

  function watch(source: Request): void {
    try {
      const { json, text: readText, clone } = source;
      Object.defineProperties(source, {
        json: {
          configurable: true,
          writable: true,
          async value() {
            const value: unknown = await json.call(source);
            parsed = value;
            return value;
          },
        },
        text: {
          configurable: true,
          writable: true,
          async value() {
            const value = await readText.call(source);
            if (value.length <= MAX_LENGTH) text = value;
            return value;
          },
        },
        clone: {
          configurable: true,
          writable: true,
          value() {
            const copy = clone.call(source);
            watch(copy);
            return copy;
          },
        },
      });
    } catch {
      // A request that takes no properties is read unseen.
    }
  }
}

/** Longer texts are no chat request. */
const MAX_LENGTH = 1_048_576;

function parse(text: string): unknown {
  const first = text.trimStart()[0];
  if (first !== '{' && first !== '[') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
