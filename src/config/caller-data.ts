/** Numbers in memory. */
export type NumberArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Lists of lists of numbers, all of one length at each depth; the innermost may be typed arrays. */
export type NestedNumbers = readonly (number | bigint | boolean | NumberArray | NestedNumbers)[];

/** Numbers with the sizes of their dimensions, the first of them the rows. */
export interface ShapedNumbers {
  data: NumberArray;
  shape: readonly number[];
}

/**
 * Rows that a program passes. A typed array without a shape has as many rows as the others say: of y one number a row, of x all the numbers
 * divided by the rows of y.
 */
export type CallerArray = NumberArray | NestedNumbers | ShapedNumbers;

/** Inputs and targets, one row each a sample. */
export interface CallerBatch {
  x: CallerArray;
  y: CallerArray;
}

/** The arrays of `data.source: {type: arrays}`. */
export interface CallerArrays extends CallerBatch {
  valX?: CallerArray;
  valY?: CallerArray;
  testX?: CallerArray;
  testY?: CallerArray;
}

/** Data that a program passes: arrays, or batches that are read once into memory, all of one shape a row. */
export type CallerData = CallerArrays | AsyncIterable<CallerBatch> | Iterable<CallerBatch>;
