import type { Shape } from '../shape.ts';

/** Sums over the rows of a batch that a loss leaves. */
export interface LossSums {
  /** Of the rows' weighted losses. */
  loss: number;
  /** Of the rows' weights. */
  weight: number;
  correct: number;
}

/**
 * A batch on its way through a graph in plain f64: what the naive twins of the ops read and write. Parameters are in PyTorch's layout.
 * A gradient is a sum over the rows; whoever wants a mean divides.
 */
export interface TwinRun {
  rows: number;
  training: boolean;
  /** First row of each leaf, and the end of the last. */
  bounds: readonly number[];
  readonly shapeOf: (tensor: string) => Shape;
  /** [rows, ...shape] of a tensor of rows, or the values of one of the model's. */
  value(tensor: string): Float64Array;
  /** As `value`; backward adds to it. */
  gradient(tensor: string): Float64Array;
  /** 0 or 1 / (1 - p): what dropout multiplies value `i` of row `row` with. */
  mask(stream: number, row: number, i: number, p: number): number;
  /** Class of each row; of losses and metrics of classes. */
  labels: ArrayLike<number>;
  /** [rows, outputs]; of losses of values. */
  targets: ArrayLike<number>;
  /** [rows]; undefined: all 1. */
  sampleWeights: ArrayLike<number> | undefined;
  /** [outputs]: class weights or positive weights of the loss; undefined: all 1. */
  lossWeights: ArrayLike<number> | undefined;
  sums: LossSums;
  /** Takes what a norm found over the whole batch, for the running statistics: mean and unbiased variance. */
  observe(statistic: string, values: Float64Array, momentum: number): void;
}

/** What an op is, apart from any machine: how it computes, and what differentiating it takes. */
export interface OpType<O> {
  /** Tensors of rows that it reads; the first is the one that it may write over. */
  inputs(op: O): readonly string[];
  /** Trained tensors that it reads. */
  parameters(op: O): readonly string[];
  /** Collected tensors that it reads and updates. */
  statistics?(op: O): readonly string[];
  /** Which values its backward reads again. */
  reads: { x: boolean; y: boolean } | ((op: O) => { x: boolean; y: boolean });
  /** Forward may put y in the place of its first input, and backward dx in that of dy. */
  inPlace: boolean;
  /** Multiplications and additions a row. */
  flops?(op: O, shapeOf: (tensor: string) => Shape): { forward: number; backward: number };
  /** The formula as a textbook has it. */
  forward(op: O, run: TwinRun): void;
  /** Its derivative: adds to the gradients of what it reads, given the gradient of what it made. */
  backward(op: O, run: TwinRun): void;
}
