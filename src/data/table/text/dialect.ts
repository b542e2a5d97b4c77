import { isMissing, numberOf } from '../rows/number.ts';

/** How a text writes a table. */
export interface Dialect {
  /** One ASCII character. */
  delimiter: string;
  decimal: '.' | ',';
}

/** In this order where several fit equally well: a comma may also stand in numbers and sentences. */
const DELIMITERS = ['\t', ';', '|', ',', ' '] as const;
/** Records at the start of a text that a delimiter and a header are told by. */
export const RECORDS_LOOKED_AT = 50;

/** A record at the start of a text. */
export interface TextRecord {
  /** Without quotes and spaces around them. */
  fields: string[];
  /** Where the next record starts. */
  end: number;
  /** Its line, and the one behind it, from 1. */
  line: number;
  nextLine: number;
}

/**
 * The delimiter of a text: the one that cuts the most of its first records into as many fields as the first; a comma if there is none.
 *
 * @param text  the start of the file, which may end within a record
 */
export function findDelimiter(text: string, decimal: Dialect['decimal'], isWhole: boolean): string {
  let best = ',';
  let most = 0;
  for (const delimiter of DELIMITERS) {
    if (delimiter === decimal) continue;
    const counts = firstRecords(text, delimiter, isWhole).map(({ fields }) => fields.length);
    const first = counts[0] ?? 0;
    if (first < 2) continue;
    const share = counts.filter((count) => count === first).length / counts.length;
    if (share > most) {
      most = share;
      best = delimiter;
    }
  }
  return best;
}

/**
 * Whether the first of some records names the columns: a name that is looked for stands in it, nothing in it could be a value, a word stands
 * over numbers, or it counts the columns from 0 (as pandas does where they have no names).
 */
export function isHeader([first, ...others]: readonly TextRecord[], expected: readonly string[], decimal: Dialect['decimal']): boolean {
  const fields = first?.fields ?? [];
  if (fields.some((field) => expected.includes(field))) return true;
  const isWord = (field: string): boolean => !isMissing(field) && numberOf(field, decimal) === undefined;
  if (fields.every(isWord)) return true;
  const counts = (record: TextRecord | undefined): boolean => record?.fields.every((field, i) => field === `${i}`) === true;
  if (fields.length > 1 && counts(first) && !counts(others[0])) return true;
  return fields.some((field, i) => {
    const below = others.map((record) => record.fields[i] ?? '').filter((other) => !isMissing(other));
    return isWord(field) && below.length > 0 && !below.some(isWord);
  });
}

/**
 * The first records of a text, up to RECORDS_LOOKED_AT of them; blank lines are left out.
 *
 * @param text     a character a byte
 * @param isWhole  the text does not go on: its last record need not end with a line end
 */
export function firstRecords(text: string, delimiter: string, isWhole: boolean): TextRecord[] {
  const records: TextRecord[] = [];
  let fields: string[] = [];
  let line = 1;
  let start = 1;
  let lineAt = 0;
  let at = 0;
  while (at < text.length && records.length < RECORDS_LOOKED_AT) {
    const field = fieldAt(text, at, delimiter);
    if (field === undefined || (field.end >= text.length && !isWhole)) break;
    const { end } = field;
    fields.push(field.text);
    line += linesIn(text.slice(at, end));
    at = end + 1;
    if (text[end] === delimiter) {
      if (at < text.length || !isWhole) continue;
      fields.push('');
    }
    if (text[end] === '\r' && text[at] === '\n') at++;
    line++;
    if (text.slice(lineAt, end).replaceAll(' ', '') !== '') records.push({ fields, end: at, line: start, nextLine: line });
    fields = [];
    start = line;
    lineAt = at;
  }
  return records;
}

interface TextField {
  text: string;
  /** Where its delimiter or line end is. */
  end: number;
}

/** The field that starts at `at`; undefined within quotes that do not end. */
function fieldAt(text: string, start: number, delimiter: string): TextField | undefined {
  let at = start;
  while ((text[at] === ' ' || text[at] === '\t') && text[at] !== delimiter) at++;
  if (text[at] !== '"') {
    const end = endOf(text, start, delimiter);
    return { text: trimmed(text.slice(start, end)), end };
  }
  let inside = '';
  for (;;) {
    const close = text.indexOf('"', at + 1);
    if (close < 0) return undefined;
    inside += text.slice(at + 1, close);
    at = close + 1;
    if (text[at] !== '"') break;
    inside += '"';
  }
  return { text: trimmed(inside), end: endOf(text, at, delimiter) };
}

function endOf(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}

/** Without the spaces around it: `trim` would take bytes of characters for spaces. */
function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

function linesIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
