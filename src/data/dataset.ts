import type { Preprocess } from './preprocess/preprocess.ts';

/** The parts of a data set. */
export const SPLITS = ['train', 'val', 'test'] as const;
/** A part of the rows. */
export type SplitName = (typeof SPLITS)[number];

/**
 * How stored features become the f32 inputs of the network.
 * divide: x / divisor (1 = as stored). affine: (x - center[j]) / scale[j], with scale[j] = 1 where a feature is constant.
 */
export type Normalization =
  | { kind: 'divide'; divisor: number }
  | { kind: 'affine'; center: Float32Array<SharedArrayBuffer>; scale: Float32Array<SharedArrayBuffer> };

/**
 * A data set in shared memory, stored once and read by every worker; structured-cloneable, so it travels as it is.
 * N samples of D features; either class labels or T-dimensional f32 targets.
 */
export interface Dataset {
  /** [N, D], row-major. */
  features: Uint8Array<SharedArrayBuffer> | Float32Array<SharedArrayBuffer>;
  featureCount: number;
  sampleCount: number;
  /** Shape of one sample, for example [28, 28]; its product is `featureCount`. */
  sampleShape: readonly number[];
  target:
    | { kind: 'class' /** [N], 0..classes-1 */; labels: Int32Array<SharedArrayBuffer>; classes: number }
    | { kind: 'value' /** [N, T] */; values: Float32Array<SharedArrayBuffer>; width: number };
  /** Sample indices of each split, in the order in which training without shuffle visits them. Disjoint. */
  splits: Record<SplitName, Uint32Array<SharedArrayBuffer>>;
  normalization: Normalization;
  /** All that lies between a raw row and the network: kept with what is trained. */
  preprocess: Preprocess;
  /** [N], not negative: factors of the samples' losses; undefined where all are 1. */
  weights?: Float32Array<SharedArrayBuffer>;
  /** sha256 (hex) over the stored features, targets, splits and weights: the data part of a run's identity. */
  fingerprint: string;
  /** One line for people: what it is and where it came from. */
  description: string;
}
