import { expect, test } from 'vitest';
import { markdownBlocks } from './markdown-blocks.ts';

test('blocks are found with their language, heading and line', () => {
  const blocks = markdownBlocks('# A\n\n```ts\nconst a = 1;\n```\n\n## B\n\n~~~sh\nls\n~~~\n');
  expect(blocks).toMatchObject([
    { language: 'ts', code: 'const a = 1;', heading: 'A', line: 4 },
    { language: 'sh', code: 'ls', heading: 'B', line: 10 },
  ]);
});

test('comments right before a block say how it runs', () => {
  const page = `<!-- before: const x = 1; -->
<!-- after:
assert.equal(x, 1);
assert.ok(true);
-->
\`\`\`ts
x;
\`\`\`

<!-- continues -->
\`\`\`ts
x;
\`\`\`

<!-- types only: needs a browser -->

\`\`\`ts
x;
\`\`\`
`;
  expect(markdownBlocks(page)).toMatchObject([
    { before: 'const x = 1;', after: 'assert.equal(x, 1);\nassert.ok(true);', continues: false },
    { before: '', continues: true, typesOnly: undefined },
    { typesOnly: 'needs a browser' },
  ]);
});

test('a comment with text after it says nothing about a later block', () => {
  const [block] = markdownBlocks('<!-- types only: no -->\nSome text.\n\n```ts\n1;\n```\n');
  expect(block?.typesOnly).toBeUndefined();
});

test('indented blocks, as in lists, lose their indentation', () => {
  const [block] = markdownBlocks('- item\n\n  ```ts\n  if (a) {\n    b();\n  }\n  ```\n');
  expect(block?.code).toBe('if (a) {\n  b();\n}');
});
