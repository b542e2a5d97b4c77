import { widthOf } from './paint.ts';

/**
 * A sentence in lines that keep to a width, broken between words.
 *
 * @param columns  of a line without its indent. @default none
 * @param indent   spaces before each line but the first
 */
export function wrapped(text: string, columns = Number.POSITIVE_INFINITY, indent = 0): string {
  if (widthOf(text) <= columns) return text;
  const [first = '', ...words] = text.split(' ');
  const lines = [first];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (widthOf(line) <= columns) lines[lines.length - 1] = line;
    // Where a line breaks, of two spaces none is left.
    else if (word !== '') lines.push(word);
  }
  return lines.map((line) => line.trimEnd()).join(`\n${' '.repeat(indent)}`);
}

/** The parts that are not empty, below each other: sentences in lines that keep to a width, what has lines of its own as it is. */
export function stacked(parts: readonly string[], columns = Number.POSITIVE_INFINITY): string {
  return parts
    .filter((part) => part !== '')
    .map((part) => (part.includes('\n') ? part : wrapped(part, columns - STACKED_INDENT, STACKED_INDENT)))
    .join('\n');
}

/** Of the lines of a sentence after its first. */
const STACKED_INDENT = 2;
