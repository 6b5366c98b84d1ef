export { errorHandler, observatory } from './observatory.js';
