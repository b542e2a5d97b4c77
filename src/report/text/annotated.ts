import type { LoadedExperiment } from '../../config/load.ts';
import { yamlOf } from '../../config/resolved.ts';
import type { Origin } from '../../config/tree/origins.ts';
import { withLiteralPaths } from '../../config/tree/paths.ts';
import { printable } from '../../errors.ts';
import type { Paint } from './paint.ts';

/** Where comments start, unless all lines are shorter. */
const MAX_COLUMN = 48;

interface Line {
  text: string;
  /** Dotted path of the value; undefined on a line that only opens a map or a list. */
  path: string | undefined;
}

/** The resolved experiment as YAML with the origin of each value beside it; it runs again as it is. */
export function renderAnnotated({ experiment, origins }: Pick<LoadedExperiment, 'experiment' | 'origins'>, paint: Paint): string {
  const lines = linesOf(withLiteralPaths(experiment) as object, '', '');
  const column = Math.min(MAX_COLUMN, Math.max(...lines.map(({ text }) => text.length)) + 1);
  return lines
    .map(({ text, path }) =>
      path === undefined ? text : `${text.padEnd(column)} ${paint('dim', `# ${describeOrigin(origins.get(path))}`)}`,
    )
    .join('\n');
}

/** @param lead  what stands before the first line: spaces, or spaces and the dash of a list's item */
function linesOf(value: object, path: string, lead: string): Line[] {
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

function describeOrigin(origin: Origin | undefined): string {
  switch (origin?.kind) {
    case 'file':
      return `${printable(origin.file)}:${origin.line}`;
    case 'command line':
      return `command line: ${printable(origin.argument)}`;
    case 'object':
      return 'given';
    case 'default':
    case undefined:
      return 'default';
  }
}
