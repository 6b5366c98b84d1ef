/**
 * Runs one compiled documentation block: node run-block.ts BLOCK.mjs
 *
 * Around the block stand a model server that `new OpenAI()` finds through the environment, and captureRuns() in place of a
 * collector. A server that the block starts gets a free port instead of the one it asks for. Code in `after:` comments sees
 * `assert`, `captured`, `model` and `served` (see documentation-globals.d.ts).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type AddressInfo, Server } from 'node:net';
import { pathToFileURL } from 'node:url';
import { captureRuns, type ModelRequest, modelServer, type Reply } from '../packages/testing/dist/index.js';

const [, , block] = process.argv;
if (!block) throw new Error('usage: node run-block.ts BLOCK.mjs');

/** Asks for the first tool once, with an argument for each of its parameters, then answers. */
const model = await modelServer(({ lastUser, toolResults, body }: ModelRequest): Reply | undefined => {
  if (body?.messages === undefined && body?.input === undefined && body?.prompt === undefined)
    return undefined;
  const [tool] = (body.tools ?? []) as {
    name?: string;
    parameters?: object;
    function?: { name: string; parameters?: object };
  }[];
  const name = tool?.function?.name ?? tool?.name;
  if (name && toolResults.length === 0)
    return { toolCalls: [{ name, args: exampleArgs(tool?.function ?? tool) }] };
  const found = toolResults.map(({ text }) => text).join(', ');
  return {
    text: found ? `I looked it up: ${found}` : `You said: ${lastUser}`,
    usage: { prompt: 12, completion: 8 },
  };
});
process.env.OPENAI_BASE_URL = model.url;
process.env.OPENAI_API_KEY = 'test-key';

function exampleArgs(tool: { parameters?: object } | undefined): Record<string, unknown> {
  const { properties = {} } = (tool?.parameters ?? {}) as { properties?: Record<string, { type?: string }> };
  const example = (type: string | undefined) => (type === 'number' ? 1 : type === 'boolean' ? true : 'Oslo');
  return Object.fromEntries(Object.entries(properties).map(([name, { type }]) => [name, example(type)]));
}

const captured = captureRuns();

let announce!: (url: string) => void;
const serving = new Promise<string>((resolve) => {
  announce = resolve;
});
const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  this.once('listening', () => announce(`http://127.0.0.1:${(this.address() as AddressInfo).port}`));
  const callback = args.findLast((arg) => typeof arg === 'function');
  return Reflect.apply(listen, this, [0, '127.0.0.1', ...(callback ? [callback] : [])]);
} as typeof listen;

Object.assign(globalThis, { assert, captured, model, served: () => serving });

process.on('unhandledRejection', (reason) => {
  console.error(reason);
  process.exit(1);
});

await import(pathToFileURL(block).href);
if (/["']node:test["']/.test(readFileSync(block, 'utf8'))) {
  // Its tests run after the module has loaded, and node:test sets the exit code.
  await model.close();
} else {
  captured.restore();
  // Servers and timers of the example end here; it is an example, not a daemon.
  process.exit(0);
}
