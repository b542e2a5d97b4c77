import type { Block, ColumnRole } from '../rows/block.ts';
import { EXACT_DIGITS, EXACT_POWER, MOST_DIGITS, POWERS, roundDecimal } from '../rows/number.ts';
import type { Places } from '../rows/places.ts';
import { COMMA, LOWER, MINUS, NEWLINE, PLUS, POINT, QUOTE, RETURN, SMALL_E, SPACE, ZERO } from './bytes.ts';
import type { Dialect } from './dialect.ts';
import { FieldReader } from './field.ts';
import { RECORD_LIMIT_BYTES, tooLong, unclosed } from './record.ts';

const FIRST_BUFFER_BYTES = 2 ** 19;

/** Room behind the filled part of the buffer: a line end, the 0 byte, and what the last word holds behind it. */
const BEHIND_BYTES = 8;

// Four digits are read at once, the first in the lowest byte; XOR with these bytes leaves their values.
const WORD_BYTES = 4;
const ZEROS = 0x30303030;
/** Added to a byte over 9 it gives one whose top bit is set. */
const PAST_NINE = 0x76767676;
const TOP_BITS = 0x80808080;
/** The bytes that hold the value of two digits each. */
const PAIRS = 0x00ff00ff;
/** By the first byte of a number: how many are its sign, and what that multiplies by. Tables, as random signs are guessed wrongly. */
const SIGN_BYTES = Uint8Array.from({ length: 256 }, (_, c) => (c === MINUS || c === PLUS ? 1 : 0));
const SIGNS = Float64Array.from({ length: 256 }, (_, c) => (c === MINUS ? -1 : 1));

const SKIP = 0;
const FEATURE = 1;
const OTHER = 2;
const TEXT = 3;

/**
 * Reads records from chunks of a text into blocks of rows. Numbers go from their bytes to f32 without a string; what the byte loop does not
 * understand at once (quotes, spaces, missing values, faults) is read by `FieldReader`.
 *
 * Invariants: the record that starts at #at is not begun before its line end is in the buffer or the text has ended; behind the filled part
 * stands a 0 byte, which ends every loop over digits and letters.
 */
export class Scanner {
  /** Receives the place of each row. */
  places: Places | undefined;
  readonly #fields: FieldReader;
  readonly #path: string;
  readonly #delimiter: number;
  readonly #decimal: number;
  readonly #kinds: Uint8Array;
  readonly #slots: Int32Array;
  #bytes = new Uint8Array(FIRST_BUFFER_BYTES);
  #words = new DataView(this.#bytes.buffer);
  #at = 0;
  #end = 0;
  #line: number;
  #isEnded = false;
  /** Bytes that a record needs at least: a try with fewer is in vain. */
  #needed = 0;

  /**
   * @param roles   of the columns, in the order of the file
   * @param line    number of the line that the first chunk starts with
   */
  constructor(path: string, names: readonly string[], roles: readonly ColumnRole[], dialect: Dialect, line: number, places?: Places) {
    this.#path = path;
    this.places = places;
    this.#line = line;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#decimal = dialect.decimal === ',' ? COMMA : POINT;
    this.#fields = new FieldReader(path, names, roles, dialect);
    this.#kinds = Uint8Array.from(roles, kindOf);
    this.#slots = Int32Array.from(roles, (role) => (role.kind === 'skip' ? 0 : role.slot));
  }

  push(chunk: Uint8Array): void {
    const rest = this.#end - this.#at;
    if (rest + chunk.length + BEHIND_BYTES > this.#bytes.length) {
      if (rest > RECORD_LIMIT_BYTES) throw tooLong(this.#path, this.#line);
      const larger = new Uint8Array(Math.max(2 * rest, FIRST_BUFFER_BYTES) + chunk.length + BEHIND_BYTES);
      larger.set(this.#bytes.subarray(this.#at, this.#end));
      this.#bytes = larger;
      this.#words = new DataView(larger.buffer);
    } else if (this.#at > 0) this.#bytes.copyWithin(0, this.#at, this.#end);
    this.#bytes.set(chunk, rest);
    this.#at = 0;
    this.#end = rest + chunk.length;
    this.#bytes[this.#end] = 0;
  }

  /** Tells that no chunk follows: the last record need not end with a line end. */
  finish(): void {
    this.#isEnded = true;
    if (this.#end === this.#at) return;
    const last = this.#bytes[this.#end - 1];
    if (last !== NEWLINE && last !== RETURN) this.#bytes[this.#end++] = NEWLINE;
    this.#bytes[this.#end] = 0;
    this.#needed = 0;
  }

  /** Whether a line with something in it has begun that is not read yet, and is not kept back for want of its end. */
  get hasLine(): boolean {
    return this.#needed === 0 && this.#skipBlankLines();
  }

  /** Fills the block as far as there are whole records. @throws GradloomError with the line, and the column's name */
  scan(block: Block): void {
    if (this.#end - this.#at < this.#needed) return;
    this.#needed = 0;
    while (block.rows < block.capacity && this.#skipBlankLines()) {
      const line = this.#line;
      this.#fields.takeInnerLines();
      const next = this.#record(block);
      if (next < 0) {
        if (this.#isEnded) throw unclosed(this.#path, line);
        // Twice as much before the next try, so that the work for a long record stays in proportion to it.
        this.#needed = 2 * (this.#end - this.#at);
        return;
      }
      this.places?.add(this.#path, line);
      block.rows++;
      this.#at = next;
    }
  }

  /** Whether a line with something in it begins at #at. */
  #skipBlankLines(): boolean {
    const bytes = this.#bytes;
    for (;;) {
      let at = this.#at;
      while (bytes[at] === SPACE) at++;
      if (at >= this.#end) {
        if (this.#isEnded) this.#at = this.#end;
        return false;
      }
      if (bytes[at] !== NEWLINE && bytes[at] !== RETURN) return true;
      const next = this.#behindLineEnd(at);
      if (next < 0) return false;
      this.#line++;
      this.#at = next;
    }
  }

  /** Where the line that ends at `at` is left behind; -1 if a second byte of its end may yet come. */
  #behindLineEnd(at: number): number {
    if (this.#bytes[at] === NEWLINE) return at + 1;
    if (at + 1 < this.#end) return this.#bytes[at + 1] === NEWLINE ? at + 2 : at + 1;
    return this.#isEnded ? at + 1 : -1;
  }

  /** Reads the record at #at into the next row of the block. @returns where the next one starts; -1 if its end is not there yet */
  #record(block: Block): number {
    const { features, others, codes, widths, rows } = block;
    const bytes = this.#bytes;
    const words = this.#words;
    const kinds = this.#kinds;
    const slots = this.#slots;
    const delimiter = this.#delimiter;
    const decimal = this.#decimal;
    const width = kinds.length;
    const featureBase = rows * widths.features;
    const otherBase = rows * widths.others;
    const codeBase = rows * widths.texts;
    let at = this.#at;
    for (let column = 0; ; column++) {
      const kind = column < width ? kinds[column] : SKIP;
      let end = at;
      let isRead = false;
      if (kind === FEATURE || kind === OTHER) {
        const sign = bytes[end] as number;
        end += SIGN_BYTES[sign] as number;
        const first = end;
        let word = words.getInt32(end, true) ^ ZEROS;
        let length = digitsIn(word);
        const start = numberIn(word, length);
        end += length;
        let c = bytes[end] as number;
        if (c === delimiter && length > 0 && length < WORD_BYTES) {
          if (kind === FEATURE) features[featureBase + (slots[column] as number)] = start * (SIGNS[sign] as number);
          else others[otherBase + (slots[column] as number)] = start * (SIGNS[sign] as number);
          at = end + 1;
          continue;
        }
        let digits = start;
        let point = -1;
        for (;;) {
          if (length < WORD_BYTES) {
            if (c !== decimal || point >= 0) break;
            point = end++;
          }
          word = words.getInt32(end, true) ^ ZEROS;
          length = digitsIn(word);
          digits = digits * (POWERS[length] as number) + numberIn(word, length);
          end += length;
          c = bytes[end] as number;
        }
        let count = end - first;
        let power = 0;
        if (point >= 0) {
          count--;
          power = point + 1 - end;
        }
        if ((c | LOWER) === SMALL_E && count > 0) {
          c = bytes[++end] as number;
          const exponentSign = c;
          if (c === MINUS || c === PLUS) c = bytes[++end] as number;
          const exponentFirst = end;
          let exponent = 0;
          for (let d = c - ZERO; d >= 0 && d <= 9 && end - exponentFirst < 6; d = c - ZERO) {
            exponent = exponent * 10 + d;
            c = bytes[++end] as number;
          }
          if (end === exponentFirst) c = 0;
          power += exponentSign === MINUS ? -exponent : exponent;
        }
        if ((c === delimiter || c === NEWLINE || c === RETURN) && count > 0 && count <= MOST_DIGITS) {
          let value: number;
          if (count > EXACT_DIGITS || power > 0 || power < -EXACT_POWER) value = roundDecimal(digits, count, power);
          else value = digits / (POWERS[-power] as number);
          if (value - value === 0) {
            value *= SIGNS[sign] as number;
            if (kind === FEATURE) features[featureBase + (slots[column] as number)] = value;
            else others[otherBase + (slots[column] as number)] = value;
            if (c === delimiter) {
              at = end + 1;
              continue;
            }
            isRead = true;
          }
        }
      } else if (kind === SKIP) {
        let c = bytes[end] as number;
        while (c !== delimiter && c !== NEWLINE && c !== RETURN && c !== QUOTE && c !== 0) c = bytes[++end] as number;
        isRead = c !== QUOTE && c !== 0;
      }
      if (!isRead) {
        const fields = this.#fields;
        end = fields.find(bytes, at, this.#end, column, this.#line);
        if (end < 0) return -1;
        try {
          if (kind === FEATURE || kind === OTHER) {
            const value = fields.number(column, this.#line);
            if (kind === FEATURE) features[featureBase + (slots[column] as number)] = value;
            else others[otherBase + (slots[column] as number)] = value;
          } else if (kind === TEXT) codes[codeBase + (slots[column] as number)] = fields.code(column, this.#line);
        } catch (error) {
          // A value that is wrong where a field is missing is in the wrong column.
          const count = this.#countFields(column, end);
          if (count < 0) return -1;
          throw count === width ? error : fields.ragged(this.#line, count);
        }
      }
      if (bytes[end] === delimiter) {
        at = end + 1;
        continue;
      }
      const next = this.#behindLineEnd(end);
      if (next < 0) return -1;
      if (column !== width - 1) throw this.#fields.ragged(this.#line, column + 1);
      this.#line += 1 + this.#fields.takeInnerLines();
      return next;
    }
  }

  /** Fields of the record whose field `column` ends at `end`; -1 if its end is not there yet. */
  #countFields(column: number, end: number): number {
    let count = column + 1;
    for (let at = end; this.#bytes[at] === this.#delimiter; count++) {
      at = this.#fields.find(this.#bytes, at + 1, this.#end, count, this.#line);
      if (at < 0) return this.#isEnded ? count : -1;
    }
    return count;
  }
}

function kindOf(role: ColumnRole): number {
  if (role.kind === 'number') return role.to === 'features' ? FEATURE : OTHER;
  return role.kind === 'text' ? TEXT : SKIP;
}

/** How many digits a word begins with, 0 to WORD_BYTES: what lies below the lowest of the top bits that are set. */
function digitsIn(word: number): number {
  const others = ((word + PAST_NINE) | word) & TOP_BITS;
  return (32 - Math.clz32(~others & (others - 1))) >> 3;
}

/** The number that the first `length` digits of a word are: moved to its end behind zeros, then added up in pairs. */
function numberIn(word: number, length: number): number {
  const half = (WORD_BYTES - length) << 2;
  const aligned = (word << half) << half;
  const pairs = (Math.imul(aligned, 10) + (aligned >>> 8)) & PAIRS;
  return (Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff;
}
