import type { GradloomError } from '../../../errors.ts';
import type { ColumnRole } from '../rows/block.ts';
import { MISSING_CODE, MOST_NAMES, UNKNOWN_CODE } from '../rows/dictionary.ts';
import { missingValue, notFinite, notNumber, tableError, unknownValue } from '../rows/faults.ts';
import { isMissing, MISSING_LENGTH, numberOf } from '../rows/number.ts';
import { NEWLINE, QUOTE, RETURN, SPACE, TAB } from './bytes.ts';
import type { Dialect } from './dialect.ts';

/** Reads one field with all that RFC 4180 allows in it, and says what is wrong with one. */
export class FieldReader {
  readonly #path: string;
  readonly #names: readonly string[];
  readonly #roles: readonly ColumnRole[];
  readonly #delimiter: number;
  readonly #decimal: Dialect['decimal'];
  /** The field that was found: bytes [from, to) of these, without quotes and spaces. */
  #bytes = new Uint8Array(0);
  #from = 0;
  #to = 0;
  /** Line ends within quotes since they were last taken. */
  #innerLines = 0;
  /** What a quoted field with quotes in it is written to without them. */
  #unquoted = new Uint8Array(256);

  constructor(path: string, names: readonly string[], roles: readonly ColumnRole[], dialect: Dialect) {
    this.#path = path;
    this.#names = names;
    this.#roles = roles;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#decimal = dialect.decimal;
  }

  /**
   * Finds the field that starts at `start`.
   *
   * @param end  of what is filled of `bytes`
   * @returns where its delimiter or line end is; -1 if that has not come yet
   * @throws GradloomError E_TABLE_FORMAT
   */
  find(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, column: number, line: number): number {
    const delimiter = this.#delimiter;
    let at = start;
    while (isSpace(bytes[at], delimiter)) at++;
    if (at < end && bytes[at] === QUOTE) return this.#findQuoted(bytes, at, end, column, line);
    this.#bytes = bytes;
    this.#from = at;
    let c = bytes[at] as number;
    while (at < end && c !== delimiter && c !== NEWLINE && c !== RETURN) {
      if (c === 0) throw this.#nul(column, line);
      c = bytes[++at] as number;
    }
    if (at >= end) return -1;
    this.#to = at;
    while (this.#to > this.#from && isSpace(bytes[this.#to - 1], delimiter)) this.#to--;
    return at;
  }

  #findQuoted(bytes: Uint8Array<ArrayBuffer>, open: number, end: number, column: number, line: number): number {
    let at = open + 1;
    let lines = 0;
    let doubled = 0;
    for (; ; at++) {
      if (at >= end) return -1;
      const c = bytes[at] as number;
      if (c === QUOTE) {
        if (at + 1 >= end) return -1;
        if (bytes[at + 1] !== QUOTE) break;
        doubled++;
        at++;
      } else if (c === NEWLINE || (c === RETURN && bytes[at + 1] !== NEWLINE)) lines++;
      else if (c === 0) throw this.#nul(column, line + this.#innerLines + lines);
    }
    if (doubled > 0) this.#withoutDoubled(bytes, open + 1, at);
    else {
      this.#bytes = bytes;
      this.#from = open + 1;
      this.#to = at;
    }
    while (this.#from < this.#to && isSpace(this.#bytes[this.#from], -1)) this.#from++;
    while (this.#to > this.#from && isSpace(this.#bytes[this.#to - 1], -1)) this.#to--;
    let behind = at + 1;
    while (behind < end && isSpace(bytes[behind], this.#delimiter)) behind++;
    if (behind >= end) return -1;
    const c = bytes[behind];
    if (c !== this.#delimiter && c !== NEWLINE && c !== RETURN) {
      const message = 'text behind a closing quote; expected the delimiter or the end of the line';
      throw this.#format(column, line + this.#innerLines + lines, message, 'write a quote within quotes twice: ""');
    }
    this.#innerLines += lines;
    return behind;
  }

  #withoutDoubled(bytes: Uint8Array, from: number, to: number): void {
    if (this.#unquoted.length < to - from) this.#unquoted = new Uint8Array(2 * (to - from));
    let filled = 0;
    for (let at = from; at < to; at++) {
      this.#unquoted[filled++] = bytes[at] as number;
      if (bytes[at] === QUOTE) at++;
    }
    this.#bytes = this.#unquoted;
    this.#from = 0;
    this.#to = filled;
  }

  /** The found field as f32, NaN if it is missing. @throws GradloomError E_TABLE_VALUE or E_DATA_NONFINITE */
  number(column: number, line: number): number {
    const text = Buffer.from(this.#bytes.buffer, this.#from, this.#to - this.#from).toString('latin1');
    const value = numberOf(text, this.#decimal);
    if (value === undefined) {
      const role = this.#roles[column];
      if (!isMissing(text) && role?.kind === 'number' && role.onText !== undefined) role.onText(text);
      else if (!isMissing(text)) throw notNumber(this.#path, this.#lineOf(line), this.#nameOf(column), this.#text(), this.#expected(role));
      if (role?.kind === 'number' && role.missing === 'error') throw this.#missing(column, line, role.to === 'features');
      return Number.NaN;
    }
    const rounded = Math.fround(value);
    if (!Number.isFinite(rounded)) throw notFinite(this.#path, this.#lineOf(line), this.#nameOf(column), text);
    return rounded;
  }

  /** The code of the found field. @throws GradloomError E_TABLE_VALUE, E_TABLE_FORMAT if it is not UTF-8 */
  code(column: number, line: number): number {
    const role = this.#roles[column];
    if (role?.kind !== 'text') return MISSING_CODE;
    const length = this.#to - this.#from;
    if (length <= MISSING_LENGTH && isMissing(Buffer.from(this.#bytes.buffer, this.#from, length).toString('latin1'))) {
      if (role.missing === 'error') throw this.#missing(column, line, role.use === 'feature');
      return MISSING_CODE;
    }
    let code: number;
    try {
      code = role.dictionary.codeOf(this.#bytes, this.#from, this.#to);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw this.notText(column, line);
    }
    if (code === UNKNOWN_CODE && role.unknown !== 'zeros')
      throw unknownValue(this.#path, this.#lineOf(line), this.#nameOf(column), this.#text(), role);
    if (code > MOST_NAMES && code !== UNKNOWN_CODE) {
      const message = `more than ${MOST_NAMES} different values`;
      throw tableError({ code: 'E_DATA_TOO_LARGE', path: this.#path, line, column: this.#nameOf(column), message });
    }
    return code;
  }

  /** Line ends within quotes since the last call. */
  takeInnerLines(): number {
    const lines = this.#innerLines;
    this.#innerLines = 0;
    return lines;
  }

  ragged(line: number, fields: number): GradloomError {
    const expected = this.#names.length;
    const message = `${fields} ${fields === 1 ? 'field' : 'fields'}; expected ${expected}, as there are columns`;
    return this.#format(undefined, line, message, 'put quotes around values that hold the delimiter, or set data.source.delimiter');
  }

  notText(column: number, line: number): GradloomError {
    return this.#format(column, this.#lineOf(line), 'not UTF-8', 'save the file as UTF-8: iconv -f latin1 -t utf-8 OLD > NEW');
  }

  #nul(column: number, line: number): GradloomError {
    return this.#format(
      column,
      line,
      'a NUL byte; expected text',
      'save the file as UTF-8 text; UTF-16: iconv -f utf-16 -t utf-8 OLD > NEW',
    );
  }

  #missing(column: number, line: number, isFeature: boolean): GradloomError {
    return missingValue(this.#path, this.#lineOf(line), this.#nameOf(column), isFeature ? 'feature' : 'other');
  }

  #format(column: number | undefined, line: number, message: string, next: string): GradloomError {
    const name = column === undefined ? undefined : this.#nameOf(column);
    return tableError({ code: 'E_TABLE_FORMAT', path: this.#path, line, column: name, message, next });
  }

  #text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(this.#from, this.#to));
  }

  #lineOf(line: number): number {
    return line + this.#innerLines;
  }

  #expected(role: ColumnRole | undefined): Parameters<typeof notNumber>[4] {
    return { decimal: this.#decimal, use: role?.kind === 'number' ? role.to : 'others' };
  }

  #nameOf(column: number): string {
    return this.#names[column] ?? `${column + 1}`;
  }
}

function isSpace(byte: number | undefined, delimiter: number): boolean {
  return (byte === SPACE || byte === TAB) && byte !== delimiter;
}
