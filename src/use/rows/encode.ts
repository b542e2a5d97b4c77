import { type Preprocess, storedAs } from '../../data/preprocess/preprocess.ts';
import { ArrayRows } from './array-row.ts';
import { TableRows } from './table-row.ts';

/** A row as a caller gives it: values in the order of the columns, or by their names; numbers flat or nested as their shape is. */
export type RawRow = ArrayLike<unknown> | Readonly<Record<string, unknown>>;

/** Turns raw rows into features as a source does it for training, before they are normalised. */
export interface RowEncoder {
  /** Values of an encoded row, and how they are stored. */
  readonly width: number;
  readonly stored: 'u8' | 'f32';
  /**
   * @param into  receives the features from index `at` on
   * @throws RowFault naming the column
   */
  encode(row: unknown, into: Float32Array | Uint8Array, at: number): void;
}

/** Encoded rows, not yet normalised: [rows, features]. */
export interface RowBatch {
  rows: number;
  features: Float32Array | Uint8Array;
  /** Names of the files that the rows are, where they are those of a folder. */
  files?: readonly string[];
}

/** @param width  features of a row */
export function rowEncoder(preprocess: Preprocess, width: number): RowEncoder {
  const { input } = preprocess;
  const stored = storedAs(input);
  if (input.kind !== 'table') {
    const rows = new ArrayRows(input);
    return { width, stored, encode: (row, into, at) => rows.encode(row, into, at) };
  }
  const rows = new TableRows(input, [...targetColumns(preprocess), ...(input.ignored ?? [])]);
  return {
    width,
    stored,
    encode: (row, into, at) => {
      if (into instanceof Uint8Array) throw new TypeError('rows of a table are f32');
      rows.encode(row, into, at);
    },
  };
}

/** Columns of a table that hold what a model predicts. */
export function targetColumns({ target }: Pick<Preprocess, 'target'>): readonly string[] {
  if (target.kind === 'value') return target.names;
  return target.column === undefined ? [] : [target.column];
}
