import { closestMatch } from 'leven';
import { columnWidth, type InputSpec, type TableColumn } from '../../data/preprocess/preprocess.ts';
import { printable } from '../../errors.ts';
import { isList, listed, RowFault, shownValue } from './values.ts';

type TableSpec = Extract<InputSpec, { kind: 'table' }>;

/** Wrong letters that a misspelt column may have, for each of its letters. */
const NEAR = 0.4;

/** Writes the features of one column at an index of a row's. */
type Write = (value: unknown, into: Float32Array, at: number) => void;

interface Placed {
  name: string;
  /** Offset of its first feature in a row. */
  at: number;
  write: Write;
}

/** Turns rows of a table, given as values by name or in the order of its columns, into features: the arithmetic of training. */
export class TableRows {
  readonly #columns: readonly Placed[];
  readonly #names: ReadonlySet<string>;
  /** Columns that may stand in a row and are no features: what is to be predicted, and what training left out. */
  readonly #ignored: ReadonlySet<string>;

  constructor({ columns }: TableSpec, ignored: readonly string[]) {
    let at = 0;
    this.#columns = columns.map((column) => {
      const placed = { name: column.name, at, write: writerOf(column) };
      at += columnWidth(column);
      return placed;
    });
    this.#names = new Set(columns.map(({ name }) => name));
    this.#ignored = new Set(ignored);
  }

  /**
   * @param into  receives the features from index `at` on
   * @throws RowFault naming the column
   */
  encode(row: unknown, into: Float32Array, at: number): void {
    if (isList(row)) this.#encodeList(row, into, at);
    else if (typeof row === 'object' && row !== null && !ArrayBuffer.isView(row))
      this.#encodeNamed(row as Record<string, unknown>, into, at);
    else
      throw new RowFault(
        `${shownValue(row)}; expected an object with a value for each column, or a list of ${this.#columns.length} values`,
      );
  }

  #encodeList(row: ArrayLike<unknown>, into: Float32Array, at: number): void {
    if (row.length !== this.#columns.length) {
      const names = listed(this.#columns.map(({ name }) => name));
      throw new RowFault(`${row.length} values; expected ${this.#columns.length}: ${names}`);
    }
    for (const [i, column] of this.#columns.entries()) this.#write(column, row[i], into, at);
  }

  #encodeNamed(row: Record<string, unknown>, into: Float32Array, at: number): void {
    let found = 0;
    for (const column of this.#columns) {
      if (!Object.hasOwn(row, column.name)) throw this.#missing(column.name, row);
      this.#write(column, row[column.name], into, at);
      found++;
    }
    const keys = Object.keys(row);
    if (keys.length === found) return;
    const other = keys.find((name) => !this.#names.has(name) && !this.#ignored.has(name));
    if (other !== undefined)
      throw new RowFault('no column of the model', { column: printable(other), next: `leave it out; the model has ${this.#listed()}` });
  }

  #write({ name, at: offset, write }: Placed, value: unknown, into: Float32Array, at: number): void {
    try {
      write(value, into, at + offset);
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      throw new RowFault(error.message, { column: printable(name), next: error.next });
    }
  }

  #missing(name: string, row: Record<string, unknown>): RowFault {
    const spare = Object.keys(row).filter((key) => !this.#names.has(key) && !this.#ignored.has(key));
    const near = closestMatch(name, spare, { maxDistance: Math.ceil(NEAR * name.length) });
    const hint = near === undefined ? '' : `; is it ${printable(near)}?`;
    return new RowFault(`missing${hint}`, {
      column: printable(name),
      next: `give each of ${this.#listed()}; null where a value is not known`,
    });
  }

  #listed(): string {
    return listed([...this.#names]);
  }
}

/** What stands for a value that is not known. */
function isMissing(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (typeof value === 'number' && Number.isNaN(value));
}

function writerOf(column: TableColumn): Write {
  const write = column.type === 'number' ? numberWriter(column) : categoryWriter(column);
  if (column.indicator !== true) return write;
  const indicator = columnWidth(column) - 1;
  return (value, into, at) => {
    write(value, into, at);
    into[at + indicator] = isMissing(value) ? 1 : 0;
  };
}

function numberWriter({ fill }: Extract<TableColumn, { type: 'number' }>): Write {
  return (value, into, at) => {
    if (isMissing(value)) {
      if (fill === undefined) throw noValue();
      into[at] = fill;
      return;
    }
    into[at] = numberOf(value);
  };
}

/** A number that f32 can hold. */
export function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new RowFault(`${shownValue(value)}; expected a number`);
  if (!Number.isFinite(Math.fround(value))) throw new RowFault(`${value}; expected a finite number, at most 3.4e38`);
  return value;
}

function categoryWriter({ categories, unknown, fill }: Extract<TableColumn, { type: 'category' }>): Write {
  const numbers = new Map(categories.map((name, i) => [name, i]));
  return (value, into, at) => {
    if (isMissing(value) && fill === undefined && !numbers.has('')) throw noValue();
    const name = isMissing(value) && fill !== undefined ? fill : categoryName(value);
    const number = numbers.get(name);
    if (number === undefined && unknown === 'error') {
      throw new RowFault(`${shownValue(value)}, which was not in the training rows; expected one of ${listed(categories)}`);
    }
    into.fill(0, at, at + categories.length);
    if (number !== undefined) into[at + number] = 1;
  };
}

function categoryName(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new RowFault(`${shownValue(value)}; expected text`);
}

function noValue(): RowFault {
  return new RowFault('a missing value; the training rows had none', {
    next: 'give a value, or train with data.source.missing: mean or another fill',
  });
}
