import { flush } from '@observatory/core';
import { wrapOpenAI } from '@observatory/openai';
import { modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { Concierge } from './concierge.js';

// A real model where there is a key, a scripted one otherwise.
const model = process.env.OPENAI_API_KEY
  ? undefined
  : await modelServer([
      { when: { lastUser: /four/ }, reply: '4' },
      { when: { lastUser: /ten/ }, reply: '10' },
    ]);

const concierge = new Concierge(wrapOpenAI(new OpenAI(model?.clientOptions)));
for (const wish of ['Dinner for four of us, please.', 'A table for ten?']) {
  console.log(`> ${wish}\n${await concierge.answer(wish)}\n`);
}

const { complete } = await flush();
console.log(complete ? 'Look at it in the dashboard.' : 'Nothing listens at OBSERVATORY_URL.');
await model?.close();
