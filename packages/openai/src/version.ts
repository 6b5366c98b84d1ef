/** What this package calls itself on the wire. */
export const SDK = '@observatory/openai/0.0.0';
