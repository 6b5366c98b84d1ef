import { recorder } from '@observatory/core/recorder';

export const record = recorder('@observatory/http/0.0.0');
