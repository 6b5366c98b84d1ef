export { configure } from './config.js';
