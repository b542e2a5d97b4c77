import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset, SplitName } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';
import { GradloomError } from '../../errors.ts';
import { GraphTwin, type Tensors } from '../../graph/twin.ts';
import { buildNetwork, flopsPerRow, type Network, tensorsInOrder } from '../../model/network.ts';
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
}

/** Data sets of runs by what they are made of: runs beside each other mostly have one. */
export type LoadedData = Map<string, Promise<Dataset>>;

/** Some seconds of plain arithmetic. */
const MAX_FLOPS = 4e9;
const ROWS_AT_ONCE = 256;

/**
 * Takes rows of the test split (else of val, else of train) through the model that a run has come to, by the formulas of its ops in f64: what
 * is shown to three digits needs no more.
 *
 * @returns why it cannot be done, in words, where data or model are not there any more or not those of the run
 */
export async function scoreRun(run: ReportedRun, known: LoadedData): Promise<Scored | string> {
  const { loaded, tensors, environment, missing } = run;
  if (loaded === undefined) return missing.get('config') ?? 'its config is not known';
  if (tensors === undefined) return missing.get('model') ?? 'its model is not known';
  const { experiment } = loaded;
  try {
    const dataset = await datasetOf(experiment, known);
    const before = environment?.basis?.data;
    if (before !== undefined && before !== dataset.fingerprint) return 'the data changed since the run began';
    const network = buildNetwork(experiment, dataset.featureCount);
    const model = modelOf(network, tensors);
    return typeof model === 'string' ? model : scored(experiment, network, model, dataset);
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return `its data cannot be read: ${error.where === undefined ? '' : `${error.where}: `}${error.message}`;
  }
}

function datasetOf(experiment: Experiment, known: LoadedData): Promise<Dataset> {
  const { version, seed, data, loss } = experiment;
  const key = JSON.stringify({ version, seed, data, loss });
  const before = known.get(key);
  if (before !== undefined) return before;
  const loading = loadDataset(experiment);
  known.set(key, loading);
  return loading;
}

/** @returns what does not fit */
function modelOf(network: Network, tensors: NonNullable<ReportedRun['tensors']>): Tensors | string {
  const model: Tensors = new Map();
  for (const [name, { size }] of tensorsInOrder(network, (tensor) => tensor)) {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== 'F32' || tensor.data.byteLength !== 4 * size) return `its model file does not fit its config: ${name}`;
    model.set(name, Float64Array.from(floatsOf(tensor)));
  }
  return model;
}

function scored(experiment: Experiment, network: Network, model: Tensors, dataset: Dataset): Scored {
  const split = (['test', 'val', 'train'] as const).find((name) => dataset.splits[name].length > 0) ?? 'train';
  const all = dataset.splits[split];
  const most = Math.max(1, Math.floor(MAX_FLOPS / (flopsPerRow(network).forward + 1)));
  const rows = Uint32Array.from(all.subarray(0, most));
  const twin = new GraphTwin(network.graph, model);
  const { outputs: width } = network;
  const isYesOrNo = experiment.loss.type === 'sigmoid_cross_entropy' && width === 1 && dataset.target.kind === 'class';
  const outputs = new Float64Array(rows.length * (isYesOrNo ? 2 : width));
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const batch = rows.subarray(from, from + ROWS_AT_ONCE);
    const pass = twin.forward({
      x: inputsOf(dataset, batch),
      rows: batch.length,
      training: false,
      bounds: [0, batch.length],
      // Of the loss, which nobody asks for here.
      labels: new Int32Array(batch.length),
      targets: new Float64Array(batch.length * width),
      sampleWeights: undefined,
      lossWeights: undefined,
      mask: () => 1,
    });
    const raw = pass.value(network.graph.output);
    if (isYesOrNo) {
      for (let r = 0; r < batch.length; r++) {
        const share = sigmoid(raw[r] ?? 0);
        outputs.set([1 - share, share], (from + r) * 2);
      }
    } else outputs.set(meaningOf(experiment.loss.type, raw, width), from * width);
  }
  return { dataset, split, rows, isWhole: rows.length === all.length, width: isYesOrNo ? 2 : width, outputs };
}

/** [rows, D], normalised. */
function inputsOf({ features, featureCount, normalization }: Dataset, rows: Uint32Array): Float64Array {
  const x = new Float64Array(rows.length * featureCount);
  for (const [r, row] of rows.entries()) {
    for (let j = 0; j < featureCount; j++) {
      const value = features[row * featureCount + j] as number;
      x[r * featureCount + j] =
        normalization.kind === 'affine'
          ? (value - (normalization.center[j] as number)) / (normalization.scale[j] as number)
          : value / normalization.divisor;
    }
  }
  return x;
}

/** Outputs of the network as probabilities, where its loss makes them such. */
function meaningOf(loss: Experiment['loss']['type'], raw: Float64Array, width: number): Float64Array {
  if (loss === 'sigmoid_cross_entropy') return raw.map(sigmoid);
  if (loss !== 'softmax_cross_entropy') return raw.slice();
  const shares = raw.slice();
  for (let at = 0; at < shares.length; at += width) {
    const row = shares.subarray(at, at + width);
    const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (let j = 0; j < width; j++) sum += row[j] = Math.exp((row[j] as number) - largest);
    for (let j = 0; j < width; j++) row[j] = (row[j] as number) / sum;
  }
  return shares;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** The class with the largest output of each row; the first of equal ones. */
export function predictedClasses({ outputs, width, rows }: Pick<Scored, 'outputs' | 'width' | 'rows'>): Int32Array {
  return Int32Array.from({ length: rows.length }, (_, r) => {
    let best = 0;
    for (let j = 1; j < width; j++) if ((outputs[r * width + j] as number) > (outputs[r * width + best] as number)) best = j;
    return best;
  });
}

/** Rows of class i that were taken for class j, at [i][j]; undefined where the targets are no classes. */
export function confusionOf(found: Scored): number[][] | undefined {
  const { target } = found.dataset;
  if (target.kind !== 'class') return undefined;
  const count = Math.max(target.classes, found.width);
  const matrix = Array.from({ length: count }, () => Array.from({ length: count }, () => 0));
  for (const [r, predicted] of predictedClasses(found).entries()) {
    const row = matrix[target.labels[found.rows[r] as number] as number];
    if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  return matrix;
}
