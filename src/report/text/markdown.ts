import { printable } from '../../errors.ts';

/** A table of GitHub's Markdown: the first column and those without a title to the left, numbers to the right. */
export function markdownTable({ head, rows }: { head: readonly string[]; rows: readonly (readonly string[])[] }): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [line(head), line(head.map((title, i) => (i === 0 || title === '' ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Text that stays text in its line, whatever it holds. */
export function escapeMarkdown(text: string): string {
  return printable(text, Number.POSITIVE_INFINITY).replace(/[|\\`*_<>[\]#]/g, (mark) => `\\${mark}`);
}
