import { printable } from '../errors.ts';
import type { Check } from '../runs/doctor.ts';
import type { Paint, Style } from './paint.ts';

const STYLES: Record<Check['status'], Style> = { ok: 'green', warn: 'yellow', fail: 'red' };

/** One line a check, and one more for what to do about it. */
export function renderChecks(checks: readonly Check[], paint: Paint): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, status, found, next }) => {
      const line = `${paint(STYLES[status], status.padEnd(4))}  ${name.padEnd(width)}  ${printable(found, 500)}`;
      return next === undefined ? [line] : [line, `${' '.repeat(width + 8)}${paint('cyan', 'next:')} ${printable(next, 500)}`];
    })
    .join('\n');
}
