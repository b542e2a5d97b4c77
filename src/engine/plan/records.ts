import type { Region } from './place.ts';

/** The f64 values that a chunk of the parameters leaves in a step, for all ranks to combine in order. */
export const RECORD = {
  /** The largest magnitude of its averaged gradient; NaN if there is one. */
  largest: 0,
  squares: 1,
  penalty: 2,
  updateSquares: 3,
  weightSquares: 4,
  parameterSquares: 5,
  directionSquares: 6,
  /** The largest magnitude among the updated weights whose products may skip zeros; NaN if there is one. */
  largestWeight: 7,
} as const;

type RecordField = (typeof RECORD)[keyof typeof RECORD];

const VALUES = Object.keys(RECORD).length;

/** f64 values of the records of `chunks` chunks. */
export function recordValues(chunks: number): number {
  return chunks * VALUES;
}

/** The records of all chunks in shared memory: each written by the rank that owns the chunk, between two barriers, and read by all after the second. */
export class ChunkRecords {
  /** Chunks. */
  readonly count: number;
  readonly #values: Float64Array;

  constructor({ at, bytes }: Region, buffer: ArrayBufferLike) {
    this.#values = new Float64Array(buffer, at, bytes / Float64Array.BYTES_PER_ELEMENT);
    this.count = this.#values.length / VALUES;
  }

  read(chunk: number, field: RecordField): number {
    return this.#values[chunk * VALUES + field] as number;
  }

  write(chunk: number, field: RecordField, value: number): void {
    this.#values[chunk * VALUES + field] = value;
  }
}

/** What all ranks find out together between reduce and apply. */
export interface Verdict {
  /** No value of the averaged gradient is NaN or infinite. */
  isFinite: boolean;
  /** Sum of its squares; NaN in a step that did not ask for it. */
  gradientSquares: number;
  penalty: number;
}

/** Combines the records of all chunks in order: every rank finds the same. */
export function verdictOf(records: ChunkRecords): Verdict {
  let allFinite = true;
  let gradientSquares = 0;
  let penalty = 0;
  for (let chunk = 0; chunk < records.count; chunk++) {
    allFinite &&= Number.isFinite(records.read(chunk, RECORD.largest));
    gradientSquares += records.read(chunk, RECORD.squares);
    penalty += records.read(chunk, RECORD.penalty);
  }
  return { isFinite: allFinite, gradientSquares, penalty };
}
