/** What code in `before:` and `after:` comments of documentation may use. See CONTRIBUTING.md. */
declare const assert: typeof import('node:assert/strict');
/** The runs that the block recorded. */
declare const captured: import('../packages/testing/dist/index.js').Captured;
/** The model server that `new OpenAI()` talks to. */
declare const model: import('../packages/testing/dist/index.js').ModelServer;
/** The base URL of the server that the block started. */
declare function served(): Promise<string>;
