import { shared } from '@observatory/core/recorder';
import { instrumentAISDK } from './instrument-ai-sdk.js';
import { withOurIntegration } from './per-call-integrations.js';
import { type Fields, isFields } from './plain.js';
import { wrapAgent } from './wrap-agent.js';
import { wrapObject } from './wrap-object.js';
import { SINGLES, TOLD_IN_7, wrapSingle } from './wrap-single.js';
import { wrapText } from './wrap-text.js';

type Sdk = (options: Fields) => unknown;

const wrappers = shared('ai-sdk.wrapped', () => new WeakMap<object, object>());
/** Functions and classes that record already, also in a copy of a wrapped namespace. */
const recording = shared('ai-sdk.recording', () => new WeakSet<object>());

/**
 * The SDK's own namespace with every function that calls a model recorded; everything else is as it was. The one line that
 * works with 5, 6 and 7.
 *
 * On 7 it registers, like `instrumentAISDK()`, and sees to it that calls with integrations of their own, which replace the
 * registered ones there, are recorded too.
 *
 * @example
 * ```ts
 * import * as sdk from 'ai';
 * import { wrapAISDK } from '@observatory/ai-sdk';
 *
 * export const { generateText, streamText, generateObject, streamObject, embed, embedMany } = wrapAISDK(sdk);
 * ```
 */
export function wrapAISDK<Namespace extends object>(ai: Namespace): Namespace {
  const known = wrappers.get(ai);
  if (known) return known as Namespace;
  const registers = 'registerTelemetry' in ai;
  if (registers) instrumentAISDK();
  const namespace = ai as Fields;
  const members = new Map<PropertyKey, unknown>();
  const read = (key: PropertyKey): unknown => {
    const value = Reflect.get(namespace, key) as unknown;
    if (typeof value !== 'function' || typeof key !== 'string' || recording.has(value)) return value;
    let member = members.get(key);
    if (!member) {
      member = registers ? wrapped7(key, value as Sdk, namespace) : wrapped(key, value as Sdk, namespace);
      members.set(key, member);
      if (member !== value) recording.add(member as object);
    }
    return member;
  };
  // Not a proxy of the namespace: what is read from a module must be what it exports.
  const standIn = new Proxy({} as Fields, {
    get: (_, key) => read(key),
    has: (_, key) => Reflect.has(namespace, key),
    ownKeys: () => Reflect.ownKeys(namespace),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(namespace, key);
      if (!descriptor) return undefined;
      return {
        value: read(key),
        enumerable: descriptor.enumerable === true,
        configurable: true,
        writable: true,
      };
    },
  });
  wrappers.set(ai, standIn);
  wrappers.set(standIn, standIn);
  return standIn as Namespace;
}

function wrapped(name: string, original: Sdk, ai: Fields): unknown {
  const single = SINGLES[name];
  if (single) return wrapSingle(single, original, ai);
  switch (name) {
    case 'generateText':
    case 'streamText':
      return wrapText(name, original, ai);
    case 'generateObject':
    case 'streamObject':
      return wrapObject(name, original, ai);
    case 'ToolLoopAgent':
    case 'Experimental_Agent':
      return wrapAgent(original as unknown as abstract new () => object, ai);
    default:
      return original;
  }
}

function wrapped7(name: string, original: Sdk, ai: Fields): unknown {
  const single = SINGLES[name];
  if (single && !TOLD_IN_7.has(name)) return wrapSingle(single, original, ai);
  if (single || ['generateText', 'streamText', 'generateObject', 'streamObject'].includes(name)) {
    return (options: Fields) => original(isFields(options) ? withOurIntegration(options) : options);
  }
  return original;
}
