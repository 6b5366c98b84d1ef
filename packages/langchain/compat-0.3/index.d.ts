/** The same names as the tests import from the current line; their types are checked there. */
declare const modules: Record<string, unknown>;
export = modules;
