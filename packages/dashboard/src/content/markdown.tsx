import { Component, lazy, type ReactNode, Suspense } from 'react';
import { TextBlock } from './text-block.js';

/** Longer or stranger text is shown as text: parsing must never hold the page up. */
const MARKDOWN_MAX_CHARS = 40_000;
/** A few of these in a row are formatting; hundreds are an attack on the parser. */
const PATHOLOGICAL = /[[\]*_`~<>(!]{200}|(?:[>[*_`~]\s?){200}/;
const LOOKS_LIKE_MARKDOWN =
  /(^|\n)\s{0,3}(#{1,6}\s|[-*+]\s|\d+[.)]\s|>|```|~~~|\|.*\|)|\*\*|__|`[^`\n]+`|\]\(|\n\n/;

const MarkdownBody = lazy(() => import('./markdown-body.js'));

/**
 * Captured text as Markdown where it is some. Raw HTML stays text, images are only named, links open outside without a
 * referrer, and whatever the parser cannot take falls back to plain text.
 */
export function Markdown({ text, className = '' }: { text: string; className?: string }) {
  const plain = <TextBlock text={text} className={className} />;
  if (text.length > MARKDOWN_MAX_CHARS || !LOOKS_LIKE_MARKDOWN.test(text) || PATHOLOGICAL.test(text))
    return plain;
  return (
    <Fallback key={text} to={plain}>
      <Suspense fallback={plain}>
        <MarkdownBody text={text} className={className} />
      </Suspense>
    </Fallback>
  );
}

class Fallback extends Component<{ to: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.to : this.props.children;
  }
}
