/** What the harness itself costs. */
export function setup() {}
export function record() {}
export async function flush() {}
