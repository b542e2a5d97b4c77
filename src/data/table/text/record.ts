import type { GradloomError } from '../../../errors.ts';
import { tableError } from '../rows/faults.ts';

/** Longest record: a table of a million columns is far below it, a binary file without line ends is not. */
export const RECORD_LIMIT_BYTES = 2 ** 26;

export function tooLong(path: string, line: number): GradloomError {
  const message = `a row of more than ${RECORD_LIMIT_BYTES} bytes: is a quote not closed, or is this no text?`;
  return tableError({ code: 'E_DATA_TOO_LARGE', path, line, message });
}

/** A record that the text ends in, within quotes. */
export function unclosed(path: string, line: number): GradloomError {
  const next = 'close it, or write a quote within quotes twice: ""';
  return tableError({ code: 'E_TABLE_FORMAT', path, line, message: 'a quote is opened in this row and never closed', next });
}
