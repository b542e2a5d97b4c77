import { sampleShape } from '../data/preprocess/preprocess.ts';
import { GradloomError } from '../errors.ts';
import { elements, shapeText } from '../graph/shape.ts';
import type { Network } from '../model/network.ts';
import type { LoadedModel, ModelOrigin } from './model/parse.ts';
import { summaryOf } from './model/summary.ts';
import type { Outputs, Prediction } from './predict/outputs.ts';
import type { RawRow } from './rows/encode.ts';

/** Rows in one typed array, one behind the other. */
export type Batch = Float32Array | Float64Array | Uint8Array;

/** What computes for a model. */
export interface RowPredictor {
  readonly outputs: Outputs;
  predictRows: (rows: ArrayLike<unknown>) => Prediction[];
  predictRow: (row: unknown, place: string) => Prediction;
}

/** What of a trained model works wherever WebAssembly does, also in a browser: `predict` computes in the calling thread. */
export class PortableModel implements LoadedModel {
  readonly layers: LoadedModel['layers'];
  readonly blocks: LoadedModel['blocks'];
  readonly loss: LoadedModel['loss'];
  readonly network: Network;
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
  readonly preprocess: LoadedModel['preprocess'];
  readonly experiment: LoadedModel['experiment'];
  readonly origin: ModelOrigin;
  readonly #predictor: () => RowPredictor;

  /** @param predictor  asked for when it is first needed, and then again: an export needs none */
  constructor(loaded: LoadedModel, predictor: () => RowPredictor) {
    this.layers = loaded.layers;
    this.blocks = loaded.blocks;
    this.loss = loaded.loss;
    this.network = loaded.network;
    this.parameters = loaded.parameters;
    this.statistics = loaded.statistics;
    this.preprocess = loaded.preprocess;
    this.experiment = loaded.experiment;
    this.origin = loaded.origin;
    this.#predictor = predictor;
  }

  /** Names of the classes in class order; undefined where it predicts numbers. */
  get classes(): readonly string[] | undefined {
    return this.#predictor().outputs.classes;
  }

  /**
   * What the model says of rows, with the bits of training's evaluation; a row's result does not depend on the rows beside it.
   *
   * One row is a list of values in the order of the columns or, of a table, an object by column name; numbers of a shape may be nested as
   * that is. Several rows are a list of rows, or a typed array with its shape, [rows, ...].
   *
   * @throws GradloomError E_ROW naming row and column, or the row for which the network gives no finite number; E_MEMORY, E_LIMIT where the machine has no memory for it
   */
  predict(rows: readonly RawRow[]): Prediction[];
  predict(batch: Batch, shape: readonly number[]): Prediction[];
  predict(row: RawRow): Prediction;
  predict(given: RawRow | readonly RawRow[], shape?: readonly number[]): Prediction | Prediction[] {
    const predictor = this.#predictor();
    if (shape !== undefined) return predictor.predictRows(rowsOf(given, shape));
    if (Array.isArray(given) && this.#areRows(given)) return predictor.predictRows(given);
    return predictor.predictRow(given, 'the row');
  }

  /** A table of the layers with their shapes and parameters, for people. */
  summary(): string {
    return summaryOf(this);
  }

  /** Whether a list is one of rows, and not one row. */
  #areRows(list: readonly unknown[]): boolean {
    const [first] = list;
    if (first === undefined) return list.length === 0;
    if (typeof first !== 'object' || first === null) return false;
    // A nested row looks like a list of shorter rows.
    return !Array.isArray(first) || !isNested(list, this.preprocess);
  }
}

/** Whether a list of lists is one row, nested as its shape is: a list of one flat row is not. */
function isNested(list: readonly unknown[], { input }: LoadedModel['preprocess']): boolean {
  if (input.kind === 'table') return false;
  let inner: unknown = list;
  for (const extent of sampleShape(input)) {
    if (!Array.isArray(inner) || inner.length !== extent) return false;
    inner = inner[0];
  }
  return !Array.isArray(inner);
}

/** Views of the rows of a batch. @throws GradloomError E_ROW if the shape is not that of the values */
function rowsOf(given: unknown, shape: readonly number[]): ArrayLike<unknown> {
  const [rows = 0, ...each] = shape;
  const width = elements(each);
  if (!(given instanceof Float32Array || given instanceof Float64Array || given instanceof Uint8Array)) {
    throw new GradloomError({ code: 'E_ROW', where: 'the batch', message: 'a shape goes with a Float32Array, Float64Array or Uint8Array' });
  }
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || given.length !== rows * width) {
    const message = `${given.length} values; a batch of shape ${shapeText(shape)} has ${rows * width}`;
    throw new GradloomError({ code: 'E_ROW', where: 'the batch', message });
  }
  return Array.from({ length: rows }, (_, r) => given.subarray(r * width, (r + 1) * width));
}
