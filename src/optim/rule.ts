import type { Kernels } from '../kernels/kernels.ts';

/** A piece of one tensor, small enough to stay in the first-level cache; all byte addresses. */
export interface UpdateChunk {
  parameters: number;
  /** Averaged gradient of these parameters; the optimizer may overwrite it. */
  gradient: number;
  /** One address per state vector. */
  state: readonly number[];
  /** Floats in the chunk. */
  count: number;
}

/** What one step sets for the chunks of one tensor. */
export interface UpdateContext {
  /** Learning rate of this step, schedule and group applied. */
  lr: number;
  weightDecay: number;
  /** Updates done before this one; the papers' t is step + 1. */
  step: number;
}

interface Rule<C> {
  /** Names, in files, of the state vectors that it keeps beside the parameters. */
  state(config: C): readonly string[];
  /** What each state vector is filled with at the start. @default 0 */
  initialState?(config: C): readonly number[];
}

/** An update that sees one chunk at a time. */
export interface ChunkRule<C> extends Rule<C> {
  /** Updates one chunk in place. */
  apply(kernels: Kernels, config: C, chunk: UpdateChunk, context: UpdateContext): void;
}

/** Sums of squares, in f64. */
export interface Squares {
  parameterSquares: number;
  directionSquares: number;
}

/**
 * An update that needs norms of whole tensors: first every chunk is prepared, then the chunks' squares are added up in the order of the
 * chunks, tensor by tensor, then every chunk is finished.
 */
export interface TensorRule<C> extends Rule<C> {
  /** Updates the state and writes the direction of the step over the chunk's gradient. */
  prepare(kernels: Kernels, config: C, chunk: UpdateChunk, context: UpdateContext): Squares;
  /** The factor of the step, from the squares of a whole tensor. */
  trustRatio(squares: Squares): number;
  /** Updates the parameters of a prepared chunk. */
  finish(kernels: Kernels, config: C, chunk: UpdateChunk, context: UpdateContext, trustRatio: number): void;
}

/** An update rule. A new one is a file with this object, a row in the table of `index.ts`, and its keys in the schema. */
export type OptimizerType<C> = ChunkRule<C> | TensorRule<C>;
