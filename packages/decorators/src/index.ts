export { type ObserveDecorator, type ObserveOptions, observe } from './observe.js';
