/** A fenced code block of a Markdown page, with what the page says about running it in HTML comments before it. */
export interface MarkdownBlock {
  language: string;
  code: string;
  /** The heading it stands under, for test names. */
  heading: string;
  /** The line of the block's first line of code, from 1. */
  line: number;
  /** Code that runs before it: `<!-- before: … -->`. */
  before: string;
  /** Code that runs after it, usually assertions: `<!-- after: … -->`. */
  after: string;
  /** `<!-- continues -->`: it goes on where the block before it stopped. */
  continues: boolean;
  /** `<!-- types only: why -->`: checked by the compiler, not run. */
  typesOnly: string | undefined;
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/;

/** All fenced code blocks of a page, in order. */
export function markdownBlocks(page: string): MarkdownBlock[] {
  const lines = page.split('\n');
  const blocks: MarkdownBlock[] = [];
  let heading = '';
  let comments: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const fence = FENCE.exec(line);
    if (fence) {
      const [, indent = '', marks = '', language = ''] = fence;
      const start = index + 1;
      do index++;
      while (index < lines.length && !lines[index]!.trimStart().startsWith(marks));
      const code = lines
        .slice(start, index)
        .map((text) => text.slice(text.startsWith(indent) ? indent.length : 0));
      blocks.push({ language, code: code.join('\n'), heading, line: start + 1, ...told(comments) });
      comments = [];
    } else if (line.startsWith('<!--')) {
      const start = index;
      while (index < lines.length - 1 && !lines[index]!.includes('-->')) index++;
      comments.push(lines.slice(start, index + 1).join('\n'));
    } else if (line.trim() !== '') {
      // A comment speaks of the block right after it.
      comments = [];
      heading = /^#+\s+(.*)/.exec(line)?.[1] ?? heading;
    }
  }
  return blocks;
}

function told(comments: string[]): Pick<MarkdownBlock, 'before' | 'after' | 'continues' | 'typesOnly'> {
  const bodies = comments.map((comment) => comment.replace(/^<!--\s*/, '').replace(/\s*-->[\s\S]*$/, ''));
  const said = (name: string) => {
    const own = bodies.filter((body) => body.startsWith(`${name}:`));
    return own.map((body) => body.slice(name.length + 1).trim()).join('\n');
  };
  return {
    before: said('before'),
    after: said('after'),
    continues: bodies.includes('continues'),
    typesOnly: said('types only') || undefined,
  };
}
