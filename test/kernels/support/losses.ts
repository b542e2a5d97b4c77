import { Arena, kernels, memory } from './arena.ts';
import * as reference from './reference.ts';

/** What a loss kernel gave for some rows, and the arrays it wrote beside. */
export interface Result {
  loss: number;
  correct: number;
  weight: number;
  gradient: Float32Array;
  broken: string[];
}

export interface Options extends reference.LossOptions {
  wantGradient?: boolean;
  /** One a row. */
  sampleWeights?: ArrayLike<number> | undefined;
}

export const VALUE_LOSSES = ['sigmoid_cross_entropy', 'mse', 'huber', 'mae'] as const;
export type ValueLoss = (typeof VALUE_LOSSES)[number];

/** The f64 twin of each loss on values. */
export const exact: Record<ValueLoss, (z: number[], t: number[], options?: reference.LossOptions) => reference.RowLoss> = {
  sigmoid_cross_entropy: reference.sigmoidCrossEntropy,
  mse: reference.mse,
  huber: reference.huber,
  mae: reference.mae,
};

function optional(arena: Arena, name: string, values: ArrayLike<number> | undefined): number {
  return values === undefined ? 0 : arena.floats(name, values).byteOffset;
}

export function softmax(z: ArrayLike<number>, labels: ArrayLike<number>, o: number, options: Options = {}): Result {
  const { wantGradient = true, smoothing = 0, weights, sampleWeights } = options;
  const arena = new Arena(memory);
  const out = arena.doubles('out');
  const logits = arena.floats('z', z);
  const label = arena.ints('labels', labels);
  const dz = arena.floats('dz', z.length);
  const [v, w] = [optional(arena, 'sample weights', sampleWeights), optional(arena, 'class weights', weights)];
  kernels.softmax_cross_entropy(
    logits.byteOffset,
    label.byteOffset,
    v,
    w,
    wantGradient ? dz.byteOffset : 0,
    labels.length,
    o,
    smoothing,
    out.byteOffset,
  );
  return { loss: out[0]!, correct: out[1]!, weight: out[2]!, gradient: dz.slice(), broken: arena.broken() };
}

export function withTargets(kernel: ValueLoss, z: ArrayLike<number>, targets: ArrayLike<number>, o: number, options: Options = {}): Result {
  const { wantGradient = true, smoothing = 0, delta = 1, weights, sampleWeights } = options;
  const arena = new Arena(memory);
  const out = arena.doubles('out');
  const logits = arena.floats('z', z).byteOffset;
  const t = arena.floats('t', targets).byteOffset;
  const gradient = arena.floats('dz', z.length);
  const dz = wantGradient ? gradient.byteOffset : 0;
  const [v, p] = [optional(arena, 'sample weights', sampleWeights), optional(arena, 'positive weights', weights)];
  const rows = z.length / o;
  if (kernel === 'sigmoid_cross_entropy') kernels.sigmoid_cross_entropy(logits, t, v, p, dz, rows, o, smoothing, out.byteOffset);
  else if (kernel === 'huber') kernels.huber(logits, t, v, dz, rows, o, delta, out.byteOffset);
  else kernels[kernel](logits, t, v, dz, rows, o, out.byteOffset);
  return { loss: out[0]!, correct: out[1]!, weight: out[2]!, gradient: gradient.slice(), broken: arena.broken() };
}
