export { observeFetch } from './observe-fetch.js';
export { type WrapOptions, wrapOpenAI } from './wrap-openai.js';
