import OpenAI from 'openai';
import OpenAI4 from 'openai-v4';
import OpenAI5 from 'openai-v5';
import OpenAI6 from 'openai-v6';

/** The oldest and newest supported majors say `OpenAI`; scenarios are written against the newest one's types. */
export type Sdk = typeof OpenAI;

export const majors: readonly { major: string; OpenAI: Sdk }[] = [
  { major: 'v4', OpenAI: OpenAI4 as unknown as Sdk },
  { major: 'v5', OpenAI: OpenAI5 as unknown as Sdk },
  { major: 'v6', OpenAI: OpenAI6 as unknown as Sdk },
  { major: 'v7', OpenAI },
];
