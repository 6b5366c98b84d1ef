// usage: main.mjs <collector url> <runtime>
import { run } from '@observatory/core';
import { agent } from './agent.mjs';

const [url, runtime] = process.argv.slice(2);
const result = await agent(url, runtime);
// Nobody awaits this one: the process ends by itself, and the run must arrive all the same.
const last = run({ sessionId: runtime, name: 'last' });
last.prompt('goodbye');
last.end();
console.log(JSON.stringify(result));
