import { yamlOf } from '../../config/resolved.ts';
import { originText } from '../../config/tree/origins.ts';
import { withLiteralPaths } from '../../config/tree/paths.ts';
import type { LoadedExperiment } from '../../config/validate.ts';
import { type Paint, padded, widthOf } from './paint.ts';

/** Where comments start, unless all lines are shorter. */
const MAX_COLUMN = 48;

export interface AnnotatedLine {
  text: string;
  /** Dotted path of the value; undefined on a line that only opens a map or a list. */
  path: string | undefined;
}

/** The resolved experiment as lines of YAML, with the values that stand in them. */
export function experimentLines({ experiment }: Pick<LoadedExperiment, 'experiment'>): AnnotatedLine[] {
  return linesOf(withLiteralPaths(experiment) as object, '', '');
}

/** The resolved experiment as YAML with the origin of each value beside it; it runs again as it is. */
export function renderAnnotated(loaded: Pick<LoadedExperiment, 'experiment' | 'origins'>, paint: Paint): string {
  const { origins } = loaded;
  const lines = experimentLines(loaded);
  const column = Math.min(MAX_COLUMN, Math.max(...lines.map(({ text }) => widthOf(text))) + 1);
  return lines
    .map(({ text, path }) => (path === undefined ? text : `${padded(text, column)} ${paint('dim', `# ${originText(origins.get(path))}`)}`))
    .join('\n');
}

/** @param lead  what stands before the first line: spaces, or spaces and the dash of a list's item */
function linesOf(value: object, path: string, lead: string): AnnotatedLine[] {
  const indent = ' '.repeat(lead.length);
  const isList = Array.isArray(value);
  const entries = Object.entries(value).filter(([, child]: [string, unknown]) => child !== undefined) as [string, unknown][];
  return entries.flatMap(([key, child], i) => {
    const start = i === 0 ? lead : indent;
    const at = path === '' ? key : `${path}.${key}`;
    if (!isBranch(child)) return [{ text: `${start}${isList ? '-' : `${key}:`} ${scalar(child)}`, path: at }];
    if (isList) return linesOf(child, at, `${start}- `);
    return [{ text: `${start}${key}:`, path: undefined }, ...linesOf(child, at, `${indent}  `)];
  });
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function scalar(value: unknown): string {
  return yamlOf(value, { blockQuote: false }).trimEnd();
}
