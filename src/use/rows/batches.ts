import type { RowBatch, RowEncoder } from './encode.ts';
import { RowFault, rowError } from './values.ts';

/** Rows that are given on together, at most. */
const BATCH_ROWS = 1024;

/** Encodes rows as they come, and gives on those that there are; a batch is valid until the next one is asked for. */
export class RowBatches {
  readonly #encoder: RowEncoder;
  readonly #features: Float32Array | Uint8Array;

  constructor(encoder: RowEncoder) {
    this.#encoder = encoder;
    const values = BATCH_ROWS * encoder.width;
    this.#features = encoder.stored === 'u8' ? new Uint8Array(values) : new Float32Array(values);
  }

  /**
   * Those before a bad row are given before it is told.
   *
   * @param given    rows as they were read
   * @param placeOf  names the newest of them, for errors
   * @param rowOf    makes what the encoder takes; may throw RowFault
   * @throws GradloomError E_ROW
   */
  *take<Given>(
    given: Iterable<Given>,
    placeOf: () => string,
    rowOf: (one: Given) => unknown = (one) => one,
  ): Generator<RowBatch, void, undefined> {
    const features = this.#features;
    let rows = 0;
    for (const one of given) {
      try {
        this.#encoder.encode(rowOf(one), features, rows * this.#encoder.width);
      } catch (error) {
        if (!(error instanceof RowFault)) throw error;
        if (rows > 0) yield { rows, features };
        throw rowError(placeOf(), error);
      }
      rows++;
      if (rows < BATCH_ROWS) continue;
      yield { rows, features };
      rows = 0;
    }
    if (rows > 0) yield { rows, features };
  }
}
