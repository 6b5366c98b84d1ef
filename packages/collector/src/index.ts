export type * from './api.js';
export { type Collector, type CollectorOptions, startCollector } from './collector.js';
export { DEFAULT_LIMITS, type Limits } from './limits.js';
export { consoleLogger, type Logger, silentLogger } from './logger.js';
export { defaultDataDir, readSettings, type Settings } from './settings.js';
