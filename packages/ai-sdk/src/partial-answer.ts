import { type Fields, fields, isFields, text } from './plain.js';

/** What a model has said so far, from the parts of its stream: all there is of an answer that breaks off. */
export class PartialAnswer {
  text = '';
  reasoning = '';
  /** When the first content came, on the monotonic clock. */
  firstContentAt: number | undefined;
  /** A provider's error in the middle of the stream. */
  error: unknown;
  failed = false;
  finish: { reason: string | undefined; usage: unknown; providerMetadata: unknown } | undefined;
  modelId: string | undefined;
  responseId: string | undefined;
  readonly calls: Fields[] = [];

  add(part: unknown): void {
    if (!isFields(part)) return;
    switch (part.type) {
      case 'text-delta': {
        const delta = text(part.delta) ?? text(part.text) ?? '';
        if (delta === '') return;
        this.text += delta;
        break;
      }
      case 'reasoning-delta': {
        const delta = text(part.delta) ?? text(part.text) ?? '';
        if (delta === '') return;
        this.reasoning += delta;
        break;
      }
      case 'tool-call':
        this.calls.push(part);
        break;
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'file':
        break;
      case 'finish':
        this.finish = {
          reason: finishReasonOf(part.finishReason),
          usage: part.usage,
          providerMetadata: part.providerMetadata,
        };
        return;
      case 'error':
        this.failed = true;
        this.error = part.error;
        return;
      case 'response-metadata':
        this.modelId = text(part.modelId) ?? this.modelId;
        this.responseId = text(part.id) ?? this.responseId;
        return;
      default:
        return;
    }
    this.firstContentAt ??= performance.now();
  }

  /** As content parts. */
  get content(): Fields[] {
    const parts: Fields[] = [];
    if (this.reasoning !== '') parts.push({ type: 'reasoning', text: this.reasoning });
    if (this.text !== '') parts.push({ type: 'text', text: this.text });
    parts.push(...this.calls);
    return parts;
  }
}

/** Providers of SDK 6 and 7 tell the unified reason and their own apart. */
export const finishReasonOf = (reason: unknown): string | undefined =>
  text(reason) ?? text(fields(reason).unified);
