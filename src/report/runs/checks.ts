import type { Check } from '../../engine/doctor.ts';
import { printable } from '../../errors.ts';
import type { Style } from '../text/paint.ts';
import type { TableLook } from '../text/table.ts';
import { wrapped } from '../text/wrapped.ts';

const STYLES: Record<Check['status'], Style> = { ok: 'green', warn: 'yellow', fail: 'red' };

/** Of a status and the gaps around the name. */
const STATUS_COLUMNS = 8;

/** One line a check, and one more for what to do about it. */
export function renderChecks(checks: readonly Check[], { paint, columns = Number.POSITIVE_INFINITY }: Omit<TableLook, 'boxed'>): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = width + STATUS_COLUMNS;
  const text = (of: string, from: number): string => wrapped(printable(of, 500), columns - from, from);
  return checks
    .flatMap(({ name, status, found, next }) => {
      const line = `${paint(STYLES[status], status.padEnd(4))}  ${name.padEnd(width)}  ${text(found, indent)}`;
      return next === undefined ? [line] : [line, `${' '.repeat(indent)}${paint('cyan', 'next:')} ${text(next, indent + 'next: '.length)}`];
    })
    .join('\n');
}
