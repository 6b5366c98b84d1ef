/** The type that a handler has to fit. Everything else has the same names as in the current line, whose types tests use. */
export type { Callbacks } from '@langchain/core/callbacks/manager';
