import { recorder } from '@observatory/core/recorder';

/** Everything this package records goes through here. */
export const record = recorder('@observatory/ai-sdk/0.0.0');
