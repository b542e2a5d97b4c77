import { featureCount, isFlag, type Preprocess, storedAs, type TableColumn } from '../data/preprocess/preprocess.ts';
import { GradloomError, printable } from '../errors.ts';
import { GraphTwin, type TwinPass } from '../graph/twin.ts';
import { largestTensor } from '../model/largest.ts';
import { flopsPerRow } from '../model/network.ts';
import { normal, uniform } from '../random/distributions.ts';
import { RandomStream } from '../random/stream.ts';
import { type ExportModel, type Outcome, outcomeOf, outputsOf } from './model.ts';

/** Rows that every export is tried on before it counts as done, where a row is computed soon. */
const MOST_ROWS = 100;
const LEAST_ROWS = 10;
/** Operations of all rows: plain loops take a second or two for as many. */
const MOST_FLOPS = 4e8;
/** How far probabilities may lie from those of f64; values and large logits by their size. */
const TOLERANCE = 1e-5;
/** Logits up to here give probabilities to that, in f32. */
const LARGE_LOGIT = 10;
const SEED = 100;

/** What an exported model gives for rows. */
export interface Predictions {
  /** [rows, names]: probabilities, or values. */
  values: ArrayLike<number>;
  /** Class of each row, where it has one. */
  labels: ArrayLike<number> | undefined;
}

export interface ExportCheck {
  rows: number;
  /** The largest distance of a probability, or of a value by the size of the largest. */
  difference: number;
}

/**
 * Raw rows as they could stand in the file that a model was trained on: where numbers were normalised by center and scale, spread so;
 * bytes where there were bytes; categories one-hot.
 *
 * @param network  rows that are normalised already
 * @returns [rows, features]
 */
export function sampleRows({ input, normalization }: Preprocess, rows: number, network = false): Float32Array {
  const features = featureCount(input);
  const stream = new RandomStream(SEED, 'data');
  const isBytes = storedAs(input) === 'u8';
  const flags = isFlag(input);
  const values = new Float32Array(rows * features);
  for (let i = 0; i < values.length; i++) {
    const j = i % features;
    if (flags[j] === true) continue;
    if (network) values[i] = normal(stream, i);
    else if (isBytes) values[i] = Math.floor(256 * uniform(stream, i));
    else if (normalization.kind === 'divide') values[i] = normalization.divisor * normal(stream, i);
    else values[i] = (normalization.center[j] as number) + (normalization.scale[j] as number) * normal(stream, i);
  }
  if (input.kind === 'table')
    for (let r = 0; r < rows; r++) setFlags(input.columns, values.subarray(r * features, (r + 1) * features), r, stream);
  return values;
}

/** One category a column, now and then none; an indicator in every third row. */
function setFlags(columns: readonly TableColumn[], row: Float32Array, r: number, stream: RandomStream): void {
  let at = 0;
  for (const column of columns) {
    if (column.type === 'category') {
      const chosen = Math.floor((column.categories.length + 0.1) * uniform(stream, r * row.length + at));
      if (chosen < column.categories.length) row[at + chosen] = 1;
    }
    at += column.type === 'category' ? column.categories.length : 1;
    if (column.indicator === true) row[at++] = r % 3 === 0 ? 1 : 0;
  }
}

/** Rows as the network takes them, with the f32 operations of training. */
export function normalise({ normalization }: Preprocess, raw: Float32Array): Float32Array {
  if (normalization.kind === 'divide') return raw.map((value) => value / Math.fround(normalization.divisor));
  const center = Float32Array.from(normalization.center);
  const scale = Float32Array.from(normalization.scale);
  return raw.map((value, i) => {
    const j = i % center.length;
    return Math.fround(value - (center[j] as number)) / (scale[j] as number);
  });
}

/** A model with the rows that an export of it is tried on. */
export interface Trial {
  model: ExportModel;
  count: number;
  /** As the export takes them, [count, features]. */
  rows: Float32Array;
  /** As the network does. */
  x: Float32Array;
  /** What the network makes of them. */
  pass: TwinPass;
}

/** @param raw  whether the export takes what the network takes */
export function trialOf(model: ExportModel, raw: boolean): Trial {
  const { preprocess } = model;
  const count = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, Math.floor(MOST_FLOPS / flopsPerRow(model).forward)));
  const rows = sampleRows(preprocess, count, raw);
  const x = raw ? rows : normalise(preprocess, rows);
  return { model, count, rows, x, pass: passOf(model, x, count) };
}

/** What the network gives for normalised rows, in f64: the formulas of its graph, sharing nothing with any exporter. */
export function outputsFor(model: ExportModel, x: Float32Array, rows: number): Float64Array {
  return passOf(model, x, rows).value(model.graph.output);
}

/**
 * Refuses a network that cannot be computed in f32 on the rows that an export is tried on: no format could tell what it predicts.
 *
 * @throws GradloomError E_DATA_NONFINITE with the layer where that is so, and the tensor that is the largest
 */
export function checkDiverged({ model: { graph, tensors, name }, count, pass }: Trial): void {
  for (const { y, layer } of graph.ops) {
    const values = pass.value(y);
    const at = values.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (at < 0) continue;
    const row = Math.floor(at / (values.length / count));
    throw new GradloomError({
      code: 'E_DATA_NONFINITE',
      where: printable(name),
      message: `the run has diverged: ${largestTensor(tensors)}, and layer ${layer} gives numbers that f32 cannot hold (row ${row} of ${count}); nothing was written`,
      next: 'take --checkpoint best or an earlier step, or another run',
    });
  }
}

function passOf({ graph, tensors }: ExportModel, x: Float32Array, rows: number): TwinPass {
  const twin = new GraphTwin(graph, new Map([...tensors].map(([name, values]) => [name, Float64Array.from(values)])));
  const zeros = new Float64Array(rows * outputsOf(graph));
  return twin.forward({
    rows,
    x,
    training: false,
    bounds: [0, rows],
    labels: zeros,
    targets: zeros,
    sampleWeights: undefined,
    lossWeights: undefined,
    mask: () => 1,
  });
}

/** Probabilities and classes of a network's outputs. */
export function predictionsOf(outcome: Outcome, outputs: Float64Array, rows: number): Predictions {
  const width = outputs.length / rows;
  const each = Array.from({ length: rows }, (_, r) => outputs.subarray(r * width, (r + 1) * width));
  const values = each.flatMap((row) => valuesOf(outcome.kind, Array.from(row)));
  if (outcome.classes === undefined) return { values, labels: undefined };
  const labels = each.map((row) => (row.length === 1 ? Number((row[0] as number) > 0) : row.indexOf(Math.max(...row))));
  return { values, labels };
}

function valuesOf(kind: Outcome['kind'], row: number[]): number[] {
  if (kind === 'value') return row;
  if (kind === 'sigmoid') return row.map(logistic);
  if (kind === 'pair') return row.flatMap((x) => [logistic(-x), logistic(x)]);
  const largest = Math.max(...row);
  const terms = row.map((x) => Math.exp(x - largest));
  const total = terms.reduce((sum, term) => sum + term, 0);
  return terms.map((term) => term / total);
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * Compares what an export gives for rows with what the network gives.
 *
 * @param file  that was written, for the message
 * @throws GradloomError E_EXPORT_CHECK with the row and both numbers
 */
export function checkPredictions(
  { model, count: rows, pass }: Trial,
  file: string,
  got: Predictions,
  outcome: Outcome = outcomeOf(model),
): ExportCheck {
  const outputs = pass.value(model.graph.output);
  const expected = predictionsOf(outcome, outputs, rows);
  const width = expected.values.length / rows;
  const largest = outputs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const size = Math.max(1, outcome.kind === 'value' ? largest : largest / LARGE_LOGIT);
  const fail = (row: number, what: string): GradloomError =>
    new GradloomError({
      code: 'E_EXPORT_CHECK',
      where: printable(file),
      message: `row ${row} of ${rows}: ${what}; nothing was kept of the export`,
      next: 'if the weights are not extreme, report it with the run',
    });
  if (got.values.length !== expected.values.length) throw fail(0, `${got.values.length / rows} values, the network gives ${width}`);
  let difference = 0;
  for (let i = 0; i < expected.values.length; i++) {
    const [a, b] = [got.values[i] as number, expected.values[i] as number];
    const distance = Math.abs(a - b) / size;
    if (!(distance <= TOLERANCE))
      throw fail(Math.floor(i / width), `the export gives ${a} for ${outcome.names[i % width] ?? 'y'}, the network ${b}`);
    difference = Math.max(difference, distance);
  }
  checkLabels(got, expected, outputs, size, fail);
  return { rows, difference };
}

/** Classes must be equal but for those that f32 cannot tell apart. */
function checkLabels(
  got: Predictions,
  expected: Predictions,
  outputs: Float64Array,
  size: number,
  fail: (row: number, what: string) => Error,
): void {
  if (expected.labels === undefined) return;
  const width = outputs.length / expected.labels.length;
  for (let r = 0; r < expected.labels.length; r++) {
    const [a, b] = [got.labels?.[r], expected.labels[r] as number];
    if (a === b) continue;
    const at = (label: number): number => (width === 1 ? 0 : (outputs[r * width + label] as number));
    const gap = width === 1 ? Math.abs(outputs[r] as number) : at(b) - at(a ?? b);
    if (a === undefined || !(gap <= TOLERANCE * size * LARGE_LOGIT)) throw fail(r, `the export gives class ${a}, the network ${b}`);
  }
}
