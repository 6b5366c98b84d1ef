import type { Call } from './call.js';
import { objectText } from './call.js';
import { type Fields, fields, isFields } from './plain.js';
import { quietly } from './quietly.js';
import { callWith } from './sdk-call.js';
import { resolveModel, watchModel } from './watch-model.js';

type Sdk = (options: Fields) => unknown;
type Callback = (event: unknown) => unknown;

/** `generateObject` and `streamObject` of SDK 5 and 6. */
export function wrapObject(name: string, original: Sdk, ai: Fields): Sdk {
  return (options) => {
    const call = isFields(options) ? callWith(`ai.${name}`, options) : undefined;
    if (!call) return original(options);
    const model = watchModel(resolveModel(options.model, 'languageModel', ai), call);
    return settle(call, () =>
      original(name === 'streamObject' ? streamed(call, { ...options, model }) : { ...options, model }),
    );
  };
}

function streamed(call: Call, options: Fields): Fields {
  const { onFinish, onError } = options as { onFinish?: Callback; onError?: Callback };
  return {
    ...options,
    onFinish: (event: unknown) => {
      quietly(() => {
        const { object, error } = fields(event);
        if (error !== undefined) call.fail(error);
        else call.end(objectText(object));
      });
      return onFinish?.(event);
    },
    onError: (event: unknown) => {
      quietly(() => call.fail(fields(event).error));
      if (onError) return onError(event);
      // What the SDK does with an error that nobody listens to.
      console.error(fields(event).error);
      return undefined;
    },
  };
}

/** Ends a call with the promise of its function. */
export function settle(
  call: Call,
  start: () => unknown,
  response: (result: Fields) => string | undefined = objectOf,
): unknown {
  let result: unknown;
  try {
    result = start();
  } catch (error) {
    quietly(() => call.fail(error));
    throw error;
  }
  if (!(result instanceof Promise)) return result;
  return result.then(
    (value: unknown) => {
      quietly(() => call.end(response(fields(value))));
      return value;
    },
    (error: unknown) => {
      quietly(() => call.fail(error));
      throw error;
    },
  );
}

const objectOf = ({ object }: Fields): string | undefined => objectText(object);
