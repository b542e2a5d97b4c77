import type { Kernels } from '../kernels/kernels.ts';

/** A piece of one rank's slice of the parameter vector, small enough to stay in the first-level cache; all byte addresses. */
export interface UpdateChunk {
  parameters: number;
  /** Averaged gradient of these parameters; the optimizer may overwrite it. */
  gradient: number;
  /** One address per state vector. */
  state: readonly number[];
  /** Floats in the chunk. */
  count: number;
}

/** An update rule. A new one is a file with this object and a row in the table of `index.ts`. */
export interface OptimizerType<C> {
  /** How many state vectors of the parameters' size it keeps, and their names in files. */
  state(config: C): readonly string[];
  /**
   * Updates one chunk in place.
   * @param step  updates done before this one
   */
  apply(kernels: Kernels, config: C, chunk: UpdateChunk, lr: number, step: number): void;
}
