import { RequestProblem } from './body.js';
import type { Limits } from './limits.js';

export function spansToItems(_body: Buffer, _limits: Limits): unknown[] {
  throw new RequestProblem(415, 'otlp', 'OTLP is not taken yet');
}
