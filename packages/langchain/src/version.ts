/** What this package calls itself on the wire. */
export const SDK = '@observatory/langchain/0.0.0';
