import { type Fields, fields, isFields, text } from './plain.js';
import { callWith } from './sdk-call.js';
import { observedOptions, runText } from './wrap-text.js';

type AgentClass = abstract new (...args: unknown[]) => object;
type Run = (options: Fields) => unknown;

/** The agent classes of SDK 5 and 6: each `generate()` and `stream()` is a call of its own, however often an agent is used. */
export function wrapAgent<Class extends AgentClass>(Original: Class, ai: Fields): Class {
  return new Proxy(Original, {
    construct(target, args, newTarget) {
      const agent = Reflect.construct(target, args, newTarget) as Fields;
      for (const name of ['generate', 'stream'] as const) {
        const original = agent[name];
        if (typeof original !== 'function') continue;
        Object.defineProperty(agent, name, {
          configurable: true,
          writable: true,
          value: observed(name, original.bind(agent) as Run, fields(args[0]), ai),
        });
      }
      return agent;
    },
  });
}

function observed(name: 'generate' | 'stream', original: Run, settings: Fields, ai: Fields): Run {
  const streamed = name === 'stream';
  return (options) => {
    if (!isFields(options)) return original(options);
    const operation = streamed ? 'ai.streamText' : 'ai.generateText';
    const agent = text(settings.id) ?? text(settings.name);
    const call = callWith(operation, { ...settings, ...options }, agent);
    if (!call) return original(options);
    return runText(call, streamed, () =>
      original(observedOptions({ call, ai, options, settings, streamed })),
    );
  };
}
