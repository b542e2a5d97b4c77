import { type ErrorCode, GradloomError, printable } from '../../../errors.ts';
import type { TextRole } from './block.ts';

/** Longest part of a value that an error shows. */
const SHOWN = 60;

/** A value as an error shows it, in quotes. */
export function shown(value: string): string {
  return JSON.stringify(printable(value, SHOWN));
}

/** A list of names as an error shows it: the first dozen, and how many there are. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, 12).map((name) => printable(name, SHOWN));
  return names.length <= some.length ? some.join(', ') : `${some.join(', ')} ... (${names.length} in all)`;
}

export interface Fault {
  code: Extract<ErrorCode, `E_TABLE_${string}` | `E_DATA_${string}` | 'E_WEIGHT_RANGE'>;
  path: string;
  /** Line of a text or row of a Parquet file, from 1. */
  line?: number | undefined;
  column?: string | undefined;
  message: string;
  next?: string | undefined;
}

/** `data.csv:17  error[E_TABLE_VALUE]  column petal: "abc"; expected a number` */
export function tableError({ code, path, line, column, message, next }: Fault): GradloomError {
  const where = line === undefined ? printable(path) : `${printable(path)}:${line}`;
  return new GradloomError({
    code,
    where,
    message: column === undefined ? message : `column ${printable(column, SHOWN)}: ${message}`,
    next,
  });
}

/** @param hasNames  there is a first row, with the names of columns */
export function emptyTable(path: string, hasNames: boolean): GradloomError {
  const message = hasNames ? 'holds a header and no rows' : 'holds no rows';
  const next = hasNames ? 'add rows below the names, or name another file' : 'name a file with a row of names and a row for each sample';
  return tableError({ code: 'E_DATA_EMPTY', path, message, next });
}

/** What a missing value is an error of, where nothing may stand for it. */
export function missingValue(path: string, line: number, column: string, use: 'feature' | 'other'): GradloomError {
  return tableError({
    code: 'E_TABLE_VALUE',
    path,
    line,
    column,
    message: 'a missing value; expected one in every row',
    next: use === 'feature' ? 'set data.source.missing: mean, median or a number, or drop the column' : 'fill it, or remove the row',
  });
}

/** A word where a number of a feature should be. */
export class WordsError extends GradloomError {
  readonly column: string;
  readonly text: string;

  constructor(path: string, line: number, column: string, text: string) {
    const message = `column ${printable(column, SHOWN)}: ${shown(text)}; expected a number`;
    super({ code: 'E_TABLE_VALUE', where: `${printable(path)}:${line}`, message, next: asCategories([column]) });
    this.column = column;
    this.text = text;
  }
}

/** The same of several columns. */
export function wordsIn({ code, where, text }: WordsError, columns: readonly string[]): GradloomError {
  const message = `columns ${listed(columns)}: words, as ${shown(text)}; expected numbers`;
  return new GradloomError({ code, where, message, next: asCategories(columns) });
}

/** What to do with columns of words. */
export function asCategories(columns: readonly string[]): string {
  return `add ${listed(columns)} to data.source.categorical, or to data.source.drop`;
}

/** Whether a text is a number with the decimal mark that was not expected. */
export function isOtherDecimal(text: string, decimal?: '.' | ','): boolean {
  return (decimal !== ',' && /^[+-]?\d*,\d+$/.test(text)) || (decimal !== '.' && /^[+-]?\d*\.\d+(?:e[+-]?\d+)?$/i.test(text));
}

export function notNumber(
  path: string,
  line: number,
  column: string,
  text: string,
  { decimal, use }: { decimal: '.' | ','; use: 'features' | 'others' },
): GradloomError {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return notFinite(path, line, column, text);
  const isOther = isOtherDecimal(text, decimal);
  if (use === 'features' && !isOther) return new WordsError(path, line, column, text);
  const next = isOther
    ? `set data.source.decimal: "${decimal === '.' ? ',' : '.'}"`
    : 'correct it; for classes set loss: softmax_cross_entropy';
  return tableError({ code: 'E_TABLE_VALUE', path, line, column, message: `${shown(text)}; expected a number`, next });
}

export function notFinite(path: string, line: number, column: string, text: string): GradloomError {
  return tableError({
    code: 'E_DATA_NONFINITE',
    path,
    line,
    column,
    message: `${shown(text)}; expected a number that f32 can hold, up to 3.4e38`,
    next: 'remove or fill such values: training would turn every weight into NaN',
  });
}

/** A text that is none of those known. */
export function unknownValue(
  path: string,
  line: number,
  column: string,
  text: string,
  role: Pick<TextRole, 'use' | 'dictionary'>,
): GradloomError {
  const known = listed(role.dictionary.names);
  return role.use === 'class' ? unknownClass(path, line, column, text, known) : unknownCategory(path, line, column, text, known);
}

function unknownClass(path: string, line: number, column: string, text: string, known: string): GradloomError {
  const message = `class ${shown(text)}; the training file has ${known}`;
  return tableError({
    code: 'E_TABLE_VALUE',
    path,
    line,
    column,
    message,
    next: 'correct it, or add rows of that class to the training file',
  });
}

export function unknownCategory(path: string, line: number, column: string, text: string, known: string): GradloomError {
  const message = `${shown(text)}; expected one of the categories of the training rows: ${known}`;
  const next = 'correct it, or train with data.source.unknown_category: zeros';
  return tableError({ code: 'E_TABLE_VALUE', path, line, column, message, next });
}
