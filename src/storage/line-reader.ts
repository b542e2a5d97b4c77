import { GradloomError, printable } from '../errors.ts';
import { readError, readOwnPiece, visitOwnFile } from './read.ts';
import { problemOf, type Shape } from './shape.ts';

const NEWLINE = 0x0a;

/** What is in a file of JSON lines. */
export interface Lines<T = Record<string, unknown>> {
  lines: T[];
  /** Bytes of the whole lines. */
  length: number;
  /** The file ends in the middle of a line, as after a crash; the rest is not in `lines`. */
  isTorn: boolean;
}

/** What the lines of a file must be. */
export interface LineRules<T> {
  /** @default any object */
  shape?: Shape<T>;
  /** A longer line is none of ours: it is refused before it fills the memory. */
  longest?: number;
}

const PIECE_BYTES = 2 ** 16;
const DECODER = new TextDecoder('utf-8', { fatal: true });
/** Digests of ten thousand tensors take a fifth of it. */
const LONGEST_LINE_BYTES = 2 ** 22;

/**
 * Reads a file of JSON objects, one a line. Only the last line may be torn.
 *
 * @param limit  bytes to look at; what follows is not read as lines
 * @throws GradloomError E_RUN_FILE with file and line for anything else; E_DATA_READ if there is no such file, E_STORAGE
 */
export function readLines<T extends object = Record<string, unknown>>(
  path: string,
  limit = Number.POSITIVE_INFINITY,
  rules: LineRules<T> = {},
): Lines<T> {
  const lines: T[] = [];
  const { length, isTorn } = visitLines<T>(path, limit, rules, (line) => lines.push(line));
  return { lines, length, isTorn };
}

/**
 * `readLines` for files of any length: a line is forgotten as soon as it was visited.
 *
 * @throws GradloomError as `readLines`
 */
export function visitLines<T extends object = Record<string, unknown>>(
  path: string,
  limit: number,
  { shape, longest = LONGEST_LINE_BYTES }: LineRules<T>,
  visit: (line: T) => void,
): Omit<Lines, 'lines'> {
  return visitLineBytes(path, limit, longest, (bytes, number) => visit(parseLine(bytes, path, number, shape)));
}

/**
 * `visitLines` before the lines are parsed.
 *
 * @param visit  given the bytes of a line without its end, which may be changed and are not to be kept, and its number from 1
 */
export function visitLineBytes(
  path: string,
  limit: number,
  longest: number,
  visit: (bytes: Uint8Array, number: number) => void,
): Omit<Lines, 'lines'> {
  let number = 0;
  let length = 0;
  /** The beginning of a line whose end is in a later piece. */
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const add = (part: Buffer): void => {
    begunBytes += part.length;
    if (begunBytes > longest) throw badLine(path, number + 1, `longer than ${longest} bytes`);
    begun.push(part);
  };
  const read = visitOwnFile(path, limit, PIECE_BYTES, (piece) => {
    let from = 0;
    for (let to = piece.indexOf(NEWLINE); to >= 0; to = piece.indexOf(NEWLINE, from)) {
      add(piece.subarray(from, to));
      const line = begun.length === 1 ? piece.subarray(from, to) : Buffer.concat(begun);
      length += line.length + 1;
      number++;
      visit(line, number);
      begun = [];
      begunBytes = 0;
      from = to + 1;
    }
    // The piece is overwritten by the next one.
    if (from < piece.length) add(Buffer.from(piece.subarray(from)));
  });
  if (read === undefined)
    throw readError(path, Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT', errno: -2 }));
  return { length, isTorn: length < read };
}

/**
 * Reads a file of JSON lines while somebody writes it: each call goes on where the one before ended. A file that was cut, or another one in
 * its place, is read from its beginning again.
 */
export class LineFollower<T extends object = Record<string, unknown>> {
  readonly #path: string;
  readonly #rules: LineRules<T>;
  /** Bytes of the whole lines that were read, and how many these are. */
  #at = 0;
  #lines = 0;
  #inode = 0;
  /** The line that could not be read the last time: lines of two versions of the file may have met there. */
  #failed = -1;

  constructor(path: string, rules: LineRules<T>) {
    this.#path = path;
    this.#rules = rules;
  }

  /**
   * Reads some of what has come.
   *
   * @param visit  told of each new whole line
   * @param begin  called before the first line is told of anew; what was told before does not count any more
   * @returns whether there is more to read
   * @throws GradloomError as `readLines`, but for a missing file, which has no lines
   */
  advance(visit: (line: T) => void, begin: () => void): boolean {
    const { shape, longest = LONGEST_LINE_BYTES } = this.#rules;
    const read = readOwnPiece(this.#path, this.#at, longest + 1);
    const inode = read?.inode ?? 0;
    if (inode !== this.#inode || (read !== undefined && read.size < this.#at)) {
      const isOther = this.#at > 0;
      this.#restart(begin);
      this.#inode = inode;
      // The piece is from the middle of it.
      if (isOther) return read !== undefined;
    }
    if (read === undefined) return false;
    const { piece, size } = read;
    let from = 0;
    for (let to = piece.indexOf(NEWLINE); to >= 0; to = piece.indexOf(NEWLINE, from)) {
      let line: T;
      try {
        line = parseLine(piece.subarray(from, to), this.#path, this.#lines + 1, shape);
      } catch (error) {
        const isAgain = this.#failed === this.#lines || this.#lines === 0;
        this.#failed = this.#lines;
        if (isAgain) throw error;
        this.#restart(begin);
        return true;
      }
      visit(line);
      this.#lines++;
      this.#at += to + 1 - from;
      from = to + 1;
    }
    if (piece.length - from > longest) throw badLine(this.#path, this.#lines + 1, `longer than ${longest} bytes`);
    return this.#at < size && from > 0;
  }

  #restart(begin: () => void): void {
    begin();
    this.#at = 0;
    this.#lines = 0;
  }
}

/** @throws GradloomError E_RUN_FILE with file and line if it is not the JSON of an object of the shape */
export function parseLine<T extends object = Record<string, unknown>>(
  bytes: Uint8Array,
  path: string,
  number: number,
  shape?: Shape<T>,
): T {
  let value: unknown;
  try {
    value = JSON.parse(DECODER.decode(bytes));
  } catch (cause) {
    throw badLine(path, number, `not a line of JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badLine(path, number, 'expected an object');
  const problem = shape && problemOf(value, shape);
  if (problem !== undefined) throw badLine(path, number, problem);
  return value as T;
}

function badLine(path: string, number: number, problem: string): GradloomError {
  const next = 'restore the file from a copy; it was changed after it was written';
  return new GradloomError({ code: 'E_RUN_FILE', where: `${printable(path)}:${number}`, message: printable(problem, 300), next });
}
