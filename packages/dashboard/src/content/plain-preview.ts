/** Markdown marks that only add noise where a preview is one line of text. Previews are cut anywhere, so this is no parser. */
export function plainPreview(text: string): string {
  return text
    .replace(/```[\w-]*\n?/g, '')
    .replace(/(\*\*|__)(?=\S)|(?<=\S)(\*\*|__)/g, '')
    .replace(/^[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*$/gm, '')
    .replace(/^[ \t]*\|(.*)\|[ \t]*$/gm, (_, cells: string) => cells.replace(/\s*\|\s*/g, ' · ').trim())
    .replace(/(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])/g, '$1')
    .replace(/`([^`\n]*)`/g, '$1')
    .replace(/^ {0,3}(#{1,6}|>)\s+/gm, '')
    .replace(/\[([^\]\n]*)\]\(https?:[^)\s]*\)/g, '$1');
}
