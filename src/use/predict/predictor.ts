import { storedAs } from '../../data/preprocess/preprocess.ts';
import { type ForwardHost, ForwardPass } from '../../engine/forward/pass.ts';
import { GradloomError } from '../../errors.ts';
import type { LoadedModel } from '../model/parse.ts';
import { type RowBatch, type RowEncoder, rowEncoder } from '../rows/encode.ts';
import { inRow } from '../rows/values.ts';
import { type Outputs, outputsOf, type Prediction } from './outputs.ts';

/** What a predictor needs of a model. */
export type Predictable = Pick<LoadedModel, 'network' | 'parameters' | 'statistics' | 'preprocess' | 'loss'>;

/** Takes raw or encoded rows through a model, in the calling thread, as many at once as fit its memory. */
export class Predictor {
  readonly outputs: Outputs;
  /** Outputs of the network for a row. */
  readonly width: number;
  readonly #encoder: RowEncoder;
  readonly #forward: ForwardPass;

  /** @throws GradloomError E_MEMORY, E_LIMIT */
  constructor({ network, parameters, statistics, preprocess, loss }: Predictable, host: ForwardHost) {
    const { input, normalization } = preprocess;
    this.outputs = outputsOf(loss, preprocess, network.outputs);
    this.#encoder = rowEncoder(preprocess, network.inputs);
    this.#forward = new ForwardPass({ network, state: { parameters, statistics }, normalization, stored: storedAs(input) }, host);
    this.width = network.outputs;
  }

  /** From here on other code does what it can, such as machine code; the bits stay the same. */
  async useCode(make: Parameters<ForwardPass['useCode']>[0]): Promise<void> {
    await this.#forward.useCode(make);
  }

  /**
   * @param wild  what becomes of outputs that are not finite: an error, or predictions that are not finite either
   * @throws GradloomError E_ROW naming row and column; nothing was predicted then
   */
  predictRows(rows: ArrayLike<unknown>, wild: 'refuse' | 'keep' = 'refuse'): Prediction[] {
    const predictions: Prediction[] = [];
    const { capacity, features } = this.#forward;
    for (let first = 0; first < rows.length; first += capacity) {
      const count = Math.min(capacity, rows.length - first);
      for (let r = 0; r < count; r++) this.#encode(rows[first + r], features, r, () => `row ${first + r}`);
      this.#read(count, (outputs, at) => {
        if (wild === 'refuse') checkOutputs(outputs, at, this.width, () => `row ${predictions.length}`);
        predictions.push(this.outputs.read(outputs, at));
      });
    }
    return predictions;
  }

  /** @throws GradloomError E_ROW, where `predictRows` would */
  checkRows(rows: ArrayLike<unknown>): void {
    const { features } = this.#forward;
    for (let r = 0; r < rows.length; r++) this.#encode(rows[r], features, 0, () => `row ${r}`);
  }

  /** @throws GradloomError E_ROW as `predictRows`, for a row that is alone */
  predictRow(row: unknown, place: string): Prediction {
    this.#encode(row, this.#forward.features, 0, () => place);
    const outputs = this.#forward.run(1);
    checkOutputs(outputs, 0, this.width, () => place);
    return this.outputs.read(outputs, 0);
  }

  /**
   * Takes encoded rows through the network.
   *
   * @param visit  told of the outputs of each row, in order: they start at index `at` of an array that is valid until it returns
   */
  run({ rows, features: encoded }: RowBatch, visit: (outputs: Float32Array, at: number) => void): void {
    const { capacity, features } = this.#forward;
    const { width } = this.#encoder;
    for (let first = 0; first < rows; first += capacity) {
      const count = Math.min(capacity, rows - first);
      features.set(encoded.subarray(first * width, (first + count) * width));
      this.#read(count, visit);
    }
  }

  #read(rows: number, visit: (outputs: Float32Array, at: number) => void): void {
    const outputs = this.#forward.run(rows);
    for (let at = 0; at < outputs.length; at += this.width) visit(outputs, at);
  }

  #encode(row: unknown, features: Float32Array | Uint8Array, index: number, place: () => string): void {
    inRow(place, () => this.#encoder.encode(row, features, index * this.#encoder.width));
  }
}

/** A class would be named all the same: that of the first output. @throws GradloomError E_ROW where an output of a row is not finite */
export function checkOutputs(outputs: Float32Array, at: number, width: number, placeOf: () => string): void {
  for (let i = at; i < at + width; i++) {
    if (Number.isFinite(outputs[i])) continue;
    throw new GradloomError({
      code: 'E_ROW',
      where: placeOf(),
      message: `the network's output is ${outputs[i]}; expected a finite number`,
      next: 'look whether the run has diverged, and whether the row has values far beyond those of training',
    });
  }
}
