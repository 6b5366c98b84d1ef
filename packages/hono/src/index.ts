export { type ObservatoryVariables, observatory } from './observatory.js';
