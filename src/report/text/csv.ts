import { printable } from '../../errors.ts';

/** What a spreadsheet takes for the start of a formula, also in full width, and behind spaces. */
const FORMULA = /^ *[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/;

/**
 * A cell of RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front, and what cannot be seen is shown by its
 * code, for it may be printed on a terminal; numbers are left alone.
 */
export function csvCell(value: string | number | null | undefined): string {
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  const shown = printable(text, Number.POSITIVE_INFINITY);
  const safe = FORMULA.test(text) ? `'${shown}` : shown;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
