import { ImageOff } from 'lucide-react';
import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { CopyButton } from '../ui/copy-button.js';
import { visibleText } from './visible-text.js';

const plugins = [remarkGfm];

/** Only what a person would click on purpose; everything else (javascript:, data:, file:) becomes text. */
function safeUrl(url: string): string {
  return /^(https?:|mailto:)/i.test(url) ? url : '';
}

const components: Components = {
  a({ href, children, title }) {
    if (!href) return <span title="This link's address is not shown as a link">{children}</span>;
    return (
      <a
        href={href}
        target="_blank"
        rel="noopener noreferrer nofollow"
        title={visibleText(title ? `${title} — ${href}` : href)}
      >
        {children}
      </a>
    );
  },
  // An image would tell its server that, when and where a trace is read.
  img({ alt, src }) {
    return (
      <span className="chip" title={typeof src === 'string' && src !== '' ? visibleText(src) : undefined}>
        <ImageOff size={12} aria-hidden />
        Image{alt ? `: ${alt}` : ''}
      </span>
    );
  },
  pre({ children, node }) {
    const code = node?.children[0];
    const text = code?.type === 'element' && code.children[0]?.type === 'text' ? code.children[0].value : '';
    const names = code?.type === 'element' ? code.properties.className : undefined;
    const language = Array.isArray(names) ? String(names[0]).replace('language-', '') : '';
    return (
      <div className="code-block">
        <div className="code-head">
          <span>{visibleText(language)}</span>
          <CopyButton text={text} label="Copy the code" />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard */}
        <pre tabIndex={0}>{children}</pre>
      </div>
    );
  },
  table({ children }) {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard
      <div className="table-scroll" tabIndex={0}>
        <table>{children}</table>
      </div>
    );
  },
  // A task list is a record here, not a form.
  input({ checked }) {
    return <span>{checked ? '☑' : '☐'} </span>;
  },
};

const MarkdownBody = memo(function MarkdownBody({ text, className }: { text: string; className: string }) {
  return (
    <div className={`prose captured ${className}`} dir="auto">
      <ReactMarkdown remarkPlugins={plugins} components={components} urlTransform={safeUrl}>
        {visibleText(text)}
      </ReactMarkdown>
    </div>
  );
});

export default MarkdownBody;
