import { elements } from '../shape.ts';
import { pixelsOf } from '../window.ts';
import type { OpType, TwinRun } from './op-type.ts';

/**
 * y = gamma (x - mean) / sqrt(variance + eps) + beta, mean and variance of each unit over the rows: of the whole batch, or of each leaf by
 * itself. The units of a picture are its channels, over all pixels. Evaluation uses the running statistics. source: torch.nn.BatchNorm1d,
 * BatchNorm2d; Ioffe and Szegedy (2015), section 3.
 */
export interface BatchNormOp {
  type: 'batch_norm';
  layer: number;
  scope: 'batch' | 'leaf';
  eps: number;
  momentum: number;
  /** The last extent of x. */
  units: number;
  x: string;
  /** gamma, beta: [units] */
  weight: string;
  bias: string;
  /** [units]; running' = (1 - momentum) running + momentum of the whole batch, with its unbiased variance. */
  runningMean: string;
  runningVar: string;
  y: string;
}

/** The same over the units of each row. source: torch.nn.LayerNorm; Ba, Kiros and Hinton (2016). */
export interface LayerNormOp {
  type: 'layer_norm';
  layer: number;
  eps: number;
  x: string;
  /** PyTorch's shape of a row: [units], or channels first. */
  weight: string;
  bias: string;
  y: string;
}

export const batchNorm: OpType<BatchNormOp> = {
  inputs: ({ x }) => [x],
  parameters: ({ weight, bias }) => [weight, bias],
  statistics: ({ runningMean, runningVar }) => [runningMean, runningVar],
  reads: { x: false, y: false },
  inPlace: true,
  forward(op, run) {
    if (!run.training) {
      normaliseByRunning(op, run);
      return;
    }
    for (const group of columnGroups(op, run)) normalise(op, run, group);
    observe(op, run);
  },
  backward(op, run) {
    for (const group of columnGroups(op, run)) differentiate(op, run, group);
  },
};

export const layerNorm: OpType<LayerNormOp> = {
  inputs: ({ x }) => [x],
  parameters: ({ weight, bias }) => [weight, bias],
  reads: { x: false, y: false },
  inPlace: true,
  forward(op, run) {
    for (const group of rowGroups(op, run)) normalise(op, run, group);
  },
  backward(op, run) {
    for (const group of rowGroups(op, run)) differentiate(op, run, group);
  },
};

/** Evaluation: with the statistics that training has collected. */
function normaliseByRunning(op: BatchNormOp, run: TwinRun): void {
  const [x, gamma, beta, y] = [run.value(op.x), run.value(op.weight), run.value(op.bias), run.value(op.y)];
  const [mean, variance] = [run.value(op.runningMean), run.value(op.runningVar)];
  for (let i = 0; i < x.length; i++) {
    const u = i % mean.length;
    const std = Math.sqrt((variance[u] as number) + op.eps);
    y[i] = ((gamma[u] as number) * ((x[i] as number) - (mean[u] as number))) / std + (beta[u] as number);
  }
}

/** Values that are normalised together. */
interface Group {
  /** Their places in x. */
  places: readonly number[];
  unitOf: (place: number) => number;
}

/** A unit over the rows of the batch, or of each leaf that has any; each pixel of a picture counts as a row. */
function columnGroups({ x, scope, units }: BatchNormOp, run: TwinRun): Group[] {
  const pixels = elements(run.shapeOf(x)) / units;
  const bounds = scope === 'leaf' ? run.bounds : [0, run.rows];
  const groups: Group[] = [];
  for (let b = 0; b + 1 < bounds.length; b++) {
    const [first, end] = [(bounds[b] as number) * pixels, (bounds[b + 1] as number) * pixels];
    if (first === end) continue;
    for (let u = 0; u < units; u++) {
      groups.push({ places: Array.from({ length: end - first }, (_, r) => (first + r) * units + u), unitOf: () => u });
    }
  }
  return groups;
}

/** The units of each row. */
function rowGroups({ x }: LayerNormOp, run: TwinRun): Group[] {
  const { pixels, channels } = pixelsOf(run.shapeOf(x));
  const units = pixels * channels;
  // gamma and beta count the channels first.
  const unitOf = (place: number): number => (place % channels) * pixels + (Math.floor(place / channels) % pixels);
  return Array.from({ length: run.rows }, (_, r) => ({ places: Array.from({ length: units }, (_unit, u) => r * units + u), unitOf }));
}

interface Moments {
  mean: number;
  /** Biased: the mean squared distance from the mean. */
  variance: number;
}

function moments(values: Float64Array, places: readonly number[]): Moments {
  let mean = 0;
  for (const i of places) mean += (values[i] as number) / places.length;
  let variance = 0;
  for (const i of places) variance += ((values[i] as number) - mean) ** 2 / places.length;
  return { mean, variance };
}

type NormOp = BatchNormOp | LayerNormOp;

/** y = gamma xhat + beta */
function normalise(op: NormOp, run: TwinRun, { places, unitOf }: Group): void {
  const [x, gamma, beta, y] = [run.value(op.x), run.value(op.weight), run.value(op.bias), run.value(op.y)];
  const { mean, variance } = moments(x, places);
  const std = Math.sqrt(variance + op.eps);
  for (const i of places) {
    const u = unitOf(i);
    y[i] = ((gamma[u] as number) * ((x[i] as number) - mean)) / std + (beta[u] as number);
  }
}

/** dx = (dxhat - mean(dxhat) - xhat mean(dxhat xhat)) / std, with dxhat = gamma dy; dgamma += dy xhat, dbeta += dy */
function differentiate(op: NormOp, run: TwinRun, { places, unitOf }: Group): void {
  const [x, gamma, dy] = [run.value(op.x), run.value(op.weight), run.gradient(op.y)];
  const [dx, dgamma, dbeta] = [run.gradient(op.x), run.gradient(op.weight), run.gradient(op.bias)];
  const { mean, variance } = moments(x, places);
  const std = Math.sqrt(variance + op.eps);
  const xhat = (i: number): number => ((x[i] as number) - mean) / std;
  const dxhat = (i: number): number => (gamma[unitOf(i)] as number) * (dy[i] as number);
  let [shift, projection] = [0, 0];
  for (const i of places) {
    const u = unitOf(i);
    shift += dxhat(i) / places.length;
    projection += (dxhat(i) * xhat(i)) / places.length;
    dgamma[u] = (dgamma[u] as number) + (dy[i] as number) * xhat(i);
    dbeta[u] = (dbeta[u] as number) + (dy[i] as number);
  }
  for (const i of places) dx[i] = (dx[i] as number) + (dxhat(i) - shift - xhat(i) * projection) / std;
}

/** Mean and unbiased variance of the whole batch, whatever the scope. */
function observe(op: BatchNormOp, run: TwinRun): void {
  const all = columnGroups({ ...op, scope: 'batch' }, run).map(({ places }) => moments(run.value(op.x), places));
  run.observe(
    op.runningMean,
    Float64Array.from(all, ({ mean }) => mean),
    op.momentum,
  );
  const count = run.value(op.x).length / op.units;
  const unbiased = count / Math.max(1, count - 1);
  run.observe(
    op.runningVar,
    Float64Array.from(all, ({ variance }) => variance * unbiased),
    op.momentum,
  );
}
