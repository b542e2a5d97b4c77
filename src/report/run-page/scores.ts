import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset, SplitName } from '../../data/dataset.ts';
import { machineHost } from '../../engine/forward/machine.ts';
import { GradloomError } from '../../errors.ts';
import type { InitialState } from '../../model/initializers.ts';
import { buildNetwork, flopsPerRow, type Network, tensorsInOrder } from '../../model/network.ts';
import { f32Bytes, writeTensor } from '../../model/parameters.ts';
import type { Datasets } from '../../sweep/execute/datasets.ts';
import { Predictor } from '../../use/predict/predictor.ts';
import type { RowBatch } from '../../use/rows/encode.ts';
import type { ReportedRun } from './read.ts';
import { floatsOf } from './weights.ts';

/** What a run's model says of rows of its data that it was not trained on. */
export interface Scored {
  dataset: Dataset;
  split: SplitName;
  /** Samples, in the order of the split; `isWhole`: all of it. */
  rows: Uint32Array;
  isWhole: boolean;
  /** Values a row: probabilities of the classes, or what is predicted. */
  width: number;
  /** [rows, width] */
  outputs: Float64Array;
  /** Class of each row, as evaluations count it; of numbers nothing. */
  predicted: Int32Array;
}

/** A second or two of arithmetic in one thread. */
const MAX_FLOPS = 4e9;
const ROWS_AT_ONCE = 256;

/**
 * Takes rows of the test split (else of val, else of train) through the model that a run has come to, with the bits of its evaluations.
 *
 * @param datasets  runs beside each other mostly have one
 * @returns why it cannot be done, in words, where data or model are not there any more or not those of the run
 */
export async function scoreRun(run: ReportedRun, datasets: Datasets): Promise<Scored | string> {
  const { loaded, tensors, environment, missing } = run;
  if (loaded === undefined) return missing.get('config') ?? 'its config is not known';
  if (tensors === undefined) return missing.get('model') ?? 'its model is not known';
  const { experiment } = loaded;
  try {
    const dataset = await datasets.get(experiment);
    const before = environment?.basis?.data;
    if (before !== undefined && before !== dataset.fingerprint) return 'the data changed since the run began';
    const network = buildNetwork(experiment, dataset.sampleShape);
    const model = modelOf(network, tensors);
    return typeof model === 'string' ? model : scored(experiment, network, model, dataset);
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return `its data cannot be read: ${error.where === undefined ? '' : `${error.where}: `}${error.message}`;
  }
}

/** @returns what does not fit */
function modelOf(network: Network, tensors: NonNullable<ReportedRun['tensors']>): InitialState | string {
  const model = { parameters: new Float32Array(network.vectorFloats), statistics: new Float32Array(network.statisticFloats) };
  for (const [name, { placed, kind }] of tensorsInOrder(network, (tensor, of) => ({ placed: tensor, kind: of }))) {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== 'F32' || tensor.data.byteLength !== f32Bytes(placed.size))
      return `its model file does not fit its config: ${name}`;
    writeTensor(kind === 'parameter' ? model.parameters : model.statistics, placed, floatsOf(tensor));
  }
  return model;
}

function scored({ loss }: Experiment, network: Network, model: InitialState, dataset: Dataset): Scored {
  const { splits, preprocess } = dataset;
  const split = (['test', 'val', 'train'] as const).find((name) => splits[name].length > 0) ?? 'train';
  const all = splits[split];
  const most = Math.max(1, Math.floor(MAX_FLOPS / (flopsPerRow(network).forward + 1)));
  const rows = Uint32Array.from(all.subarray(0, most));
  const predictor = new Predictor({ network, ...model, preprocess, loss }, machineHost());
  const { width, labelAt, numbersAt } = predictor.outputs;
  const outputs = new Float64Array(rows.length * width);
  const predicted = new Int32Array(rows.length);
  let at = 0;
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    predictor.run(encodedRows(dataset, rows.subarray(from, from + ROWS_AT_ONCE)), (raw, start) => {
      predicted[at] = labelAt(raw, start);
      numbersAt(raw, start, outputs.subarray(at * width, (at + 1) * width));
      at++;
    });
  }
  return { dataset, split, rows, isWhole: rows.length === all.length, width, outputs, predicted };
}

function encodedRows({ features, featureCount }: Dataset, rows: Uint32Array): RowBatch {
  const count = rows.length * featureCount;
  const encoded = features instanceof Uint8Array ? new Uint8Array(count) : new Float32Array(count);
  for (const [r, row] of rows.entries()) encoded.set(features.subarray(row * featureCount, (row + 1) * featureCount), r * featureCount);
  return { rows: rows.length, features: encoded };
}

/** Rows of class i that were taken for class j, at [i][j]; undefined where the targets are no classes. */
export function confusionOf(found: Scored): number[][] | undefined {
  const { target } = found.dataset;
  if (target.kind !== 'class') return undefined;
  const count = Math.max(target.classes, found.width);
  const matrix = Array.from({ length: count }, () => Array.from({ length: count }, () => 0));
  for (const [r, predicted] of found.predicted.entries()) {
    const row = matrix[target.labels[found.rows[r] as number] as number];
    if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  return matrix;
}
